import Etcd
import Segmentation

/// One `bulkhead apply` under the lock, from the first read to the last. The order of the steps in ``run()``
/// ensures that no client loses access, wherever the run is interrupted:
///
/// 1. Read the cluster again: another apply may have ended while this one waited for the lock.
/// 2. Plan; select the changes that belong to the stage.
/// 3. Ask for confirmation if access is removed.
/// 4. Write the passwords to the disk, then the names of the users and roles to create to the record.
/// 5. Make the changes and read them back.
/// 6. Delete the shared user and watch for refused requests, or record that all changes are applied.
/// 7. Turn authentication on, and write the record again: until then each client could.
/// 8. Plan again, for differences that only show now, and record that all changes are applied if the plan is
///    empty.
package struct ApplyRun: Sendable {
  let etcd: EtcdClient
  let administrator: ClientCredentials
  let lock: ClusterLock
  let stage: StageRequest?
  let turnsOnAuthentication: Bool
  let version: String
  let interaction: Interaction
  /// A saved plan or names that limit what is made.
  let scope: ApplyScope
  /// Who makes the changes and from which file, for the history; nil to record none.
  let origin: HistoryOrigin?

  /// What a run needs from its caller.
  package struct Interaction: Sendable {
    /// Reads the goal from the file, passwords on the disk included.
    let goal: @Sendable () throws -> Goal
    /// Returns the password of a user. The password must be on the disk when this returns.
    let password: @Sendable (_ user: String) throws -> String
    /// Called if access is removed. Throws to stop the run; nothing has been written then.
    let confirm: @Sendable (_ question: Confirmation) throws -> Void
    let progress: @Sendable (String) -> Void
    /// Called when a change starts and when it is made.
    let applying: @Sendable (ApplyProgress) -> Void
    /// Called before the first change with a sentence that concerns all of them.
    let note: @Sendable (String) -> Void

    package init(
      goal: @escaping @Sendable () throws -> Goal,
      password: @escaping @Sendable (_ user: String) throws -> String,
      confirm: @escaping @Sendable (_ question: Confirmation) throws -> Void,
      progress: @escaping @Sendable (String) -> Void = { _ in },
      applying: @escaping @Sendable (ApplyProgress) -> Void = { _ in },
      note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
      self.note = note
      self.goal = goal
      self.password = password
      self.confirm = confirm
      self.progress = progress
      self.applying = applying
    }
  }

  /// What removes access and needs confirmation.
  package struct Confirmation: Sendable {
    package let plan: Plan
    package let authEnabled: Bool
    /// The shared user that is deleted after the plan; nil if none is deleted.
    package let leaving: String?
    /// Why another client may have written the record, and so have named users in it that Bulkhead did not
    /// create; nil if only administrators may.
    package let recordDoubt: String?

    /// Users and roles that the plan deletes because the file does not name them.
    package var deletions: [String] {
      let changes = Set(plan.changes)
      return plan.changes.reduce(into: [String]()) { names, change in
        switch change {
        case .deleteUser(let name)
        where !changes.contains(.addUser(name)) && !changes.contains(.addPasswordUser(name)):
          if !names.contains(name) { names.append(name) }
        case .deleteRole(let name) where !changes.contains(.addRole(name)):
          if !names.contains(name) { names.append(name) }
        default: break
        }
      }
    }
  }

  /// What a run did.
  package struct Outcome: Sendable {
    package let plan: Plan
    /// The time from the first write to the last read of the changes.
    package let time: Duration
    package let authEnabledBefore: Bool
    package let turnedOn: Bool
    /// How many requests etcd refused because they were in flight when authentication was turned on; nil if
    /// unknown.
    package let refusedAtSwitch: Int?
    /// The members that answered the administrator after authentication was turned on, as in `3 of 3 members`;
    /// nil if it was not turned on.
    package let membersAsked: String?
    package let shared: SharedUser.Outcome?
    /// A shared user that an apply deleted which was killed before it could count refused requests, and that was
    /// created again; nil if there was none.
    package let restored: String?
    /// The changes that are left at the end; nil if the cluster was not read again.
    package let remaining: Plan?
  }

  /// - Parameters:
  ///   - administrator: The credentials that `etcd` uses.
  ///   - lock: Held by the caller for the whole run.
  ///   - stage: nil to make the whole plan.
  ///   - turnsOnAuthentication: Whether authentication is turned on at the end if it is off.
  ///   - version: Bulkhead's version, for the record.
  package init(
    _ etcd: EtcdClient, as administrator: ClientCredentials, lock: ClusterLock, stage: StageRequest?,
    turnsOnAuthentication: Bool, version: String, scope: ApplyScope = ApplyScope(),
    origin: HistoryOrigin? = nil, _ interaction: Interaction
  ) {
    self.scope = scope
    self.origin = origin
    self.etcd = etcd
    self.administrator = administrator
    self.lock = lock
    self.stage = stage
    self.turnsOnAuthentication = turnsOnAuthentication
    self.version = version
    self.interaction = interaction
  }

  /// - Throws: ``StageRefusal``, ``ApplyError``, ``EnableAuthRefusal``, ``MemberRefusal``, ``LockError``,
  ///   ``EtcdError``; what the interaction throws.
  package func run() async throws -> Outcome {
    let survey = try await Survey.take(etcd, as: administrator)
    var goal = try interaction.goal()
    let sharedUsers = SharedUser(etcd, as: administrator, lock: lock)
    var restored: String?
    if let leaving = try goal.claim(survey.records).own?.leaving, try await sharedUsers.restore(leaving) {
      restored = leaving.name
    }
    let (before, whole) = try await goal.plan(for: etcd, survey, progress: interaction.progress)
    let part =
      lock.isNone
      ? whole.removing(from: before) : try stage?.part(of: whole, from: before, goal) ?? whole
    let plan = try scope.part(of: part, from: before, goal, survey, version: version)
    let leaving = stage?.leaving(goal.desired)
    if leaving != nil, let member = survey.members.unreachable.first {
      throw StageRefusal.memberUnreachable(member.name)
    }
    let history = origin.map { HistoryWriter(etcd: etcd, lock: lock, origin: $0) }
    let draft = try await history?.draft(
      goal, survey, changes: plan.changes, from: before, to: before.after(plan.changes, deleting: leaving),
      managed: managed(by: plan, goal, survey), note: interaction.note)
    if !plan.removals.isEmpty || leaving != nil {
      try interaction.confirm(
        Confirmation(
          plan: plan, authEnabled: before.authEnabled, leaving: leaving,
          recordDoubt: before.recordDoubt))
    }

    let started = ContinuousClock.now
    if !lock.isNone { goal = try goal.withPasswords(interaction.password) }
    let bookkeeping = try Bookkeeping(survey, before, goal, lock, bulkhead: version)
    var leavingUser: Record.LeavingUser?
    if let leaving { leavingUser = try await sharedUsers.current(leaving) }
    try await bookkeeping.begin(plan, leaving: leavingUser)
    let begun = try await history?.begin(draft, bulkhead: version)
    try await Apply(etcd, lock: lock, password: goal.password).run(
      plan, desired: goal.desired, progress: interaction.applying)
    let time = ContinuousClock.now - started

    var shared: SharedUser.Outcome?
    if let leaving, let stage {
      shared = try await sharedUsers.remove(leaving, watching: stage.watch, progress: interaction.progress)
      try await bookkeeping.endLeaving(plan)
    } else if !lock.isNone, stage == nil || stage?.stage == .clean, scope.covers(plan) {
      // As long as changes are left, nothing is recorded as applied.
      try await bookkeeping.finish(
        plan, authRevision: await survey.authRevision(after: plan, of: etcd, as: administrator))
    }

    try await history?.finish(begun, unchanged: shared?.isRemoved == false ? leaving : nil)

    let turnsOn = turnsOnAuthentication && !before.authEnabled
    let enabled = turnsOn ? try await turnOn(goal, survey) : nil
    if enabled != nil { try await bookkeeping.confirm(plan) }

    // Empty passwords can be tried only after authentication is turned on, and only now the shared user is
    // deleted or restored. Changes that are left for a later stage are not reported again.
    let looksAgain = turnsOn && stage == nil || leaving != nil || lock.isNone
    return Outcome(
      plan: plan, time: time, authEnabledBefore: before.authEnabled, turnedOn: turnsOn,
      refusedAtSwitch: enabled?.refused, membersAsked: enabled?.asked,
      shared: shared, restored: restored, remaining: looksAgain ? try await settle(goal) : nil)
  }

  /// What Bulkhead manages before and after a plan.
  private func managed(
    by plan: Plan, _ goal: Goal, _ survey: Survey
  ) throws -> (before: Managed, after: Managed) {
    let before = try goal.claim(survey.records).managed
    let isWhole = plan.left.isEmpty && (stage == nil || stage?.stage == .clean)
    return (before, isWhole ? plan.managed : before.union(plan.managed))
  }

  /// - Returns: How many requests etcd refused because they were in flight, nil if unknown, and which members
  ///   answered afterwards.
  private func turnOn(_ goal: Goal, _ survey: Survey) async throws -> (refused: Int?, asked: String)? {
    let (applied, _) = try await goal.plan(for: etcd, survey, progress: interaction.progress)
    let outcome = try await EnableAuth(etcd, as: administrator, lock: lock).run(
      applicant: goal.applicant, state: applied, secret: EnableAuth.randomSecret(),
      progress: interaction.progress)
    guard case .turnedOn(let refused, let asked) = outcome else { return nil }
    return (refused, asked)
  }

  /// Plans once more, and records that all changes are applied if the plan is empty.
  private func settle(_ goal: Goal) async throws -> Plan {
    let survey = try await Survey.take(etcd, as: administrator)
    let (state, remaining) = try await goal.plan(for: etcd, survey, progress: interaction.progress)
    if remaining.isEmpty, !lock.isNone {
      try await Bookkeeping(survey, state, goal, lock, bulkhead: version).finish(
        remaining, authRevision: await survey.authRevision(after: remaining, of: etcd, as: administrator))
    }
    return remaining
  }
}
