import Etcd
import Keyspace
import Segmentation
import Text

/// One `bulkhead apply` under the lock, from the first read to the last. The order of the steps in ``run()``
/// ensures that no client loses access, wherever the run is interrupted:
///
/// 1. Read the cluster again: another apply may have ended while this one waited for the lock.
/// 2. Plan; select the changes that belong to the stage.
/// 3. If authentication is to be turned on, look for keys that only administrators could reach. Ask for confirmation if
///    access is removed.
/// 4. Write the passwords to the disk, then the names of the users and roles to create to the record.
/// 5. Make the changes and read them back.
/// 6. Delete the shared users, take the role root from kube-apiserver, and watch for refused requests; or record that
///    all changes are applied.
/// 7. Turn authentication on, write the record again, because until then each client could, and watch for refused
///    requests.
/// 8. Plan again, for differences that only show now, and record that all changes are applied if the plan is
///    empty.
package struct ApplyRun: Sendable {
  let etcd: EtcdClient
  let administrator: ClientCredentials
  let lock: ClusterLock
  let stage: StageRequest?
  let switching: Switch?
  let removalWatch: WatchRequest
  let pace: Double?
  let version: String
  let interaction: Interaction
  /// A saved plan or names that limit what is made.
  let scope: ApplyScope
  /// Who makes the changes and from which file, for the history; nil to record none.
  let origin: HistoryOrigin?

  /// How authentication is turned on.
  package struct Switch: Sendable {
    /// What keys begin with that no user but administrators has to reach.
    let unreachable: [Key]
    /// nil to count no refused requests afterwards.
    let watch: WatchRequest?
    /// Where the temporary administrator is noted while it exists.
    let wayBacks: WayBackKeeper

    package init(
      unreachable: [Key] = [], watch: WatchRequest? = nil, wayBacks: WayBackKeeper = .none
    ) {
      self.wayBacks = wayBacks
      self.unreachable = unreachable
      self.watch = watch
    }
  }

  /// What a run needs from its caller.
  package struct Interaction: Sendable {
    /// Reads the goal from the file, passwords on the disk included.
    let goal: @Sendable () throws -> ApplyGoal
    /// Returns the password of a user. The password must be on the disk when this returns.
    let password: @Sendable (_ user: String) throws -> String
    /// Called if access is removed. Throws to stop the run; nothing has been written then.
    let confirm: @Sendable (_ question: Confirmation) throws -> Void
    let progress: @Sendable (String) -> Void
    /// Called before the first change, if there are changes.
    let planned: @Sendable (Plan) async -> Void
    /// Called when a change starts and when it is made.
    let applying: @Sendable (ApplyProgress) -> Void
    /// Called before the first change with a sentence that concerns all of them.
    let note: @Sendable (String) -> Void

    package init(
      goal: @escaping @Sendable () throws -> ApplyGoal,
      password: @escaping @Sendable (_ user: String) throws -> String,
      confirm: @escaping @Sendable (_ question: Confirmation) throws -> Void,
      progress: @escaping @Sendable (String) -> Void = { _ in },
      planned: @escaping @Sendable (Plan) async -> Void = { _ in },
      applying: @escaping @Sendable (ApplyProgress) -> Void = { _ in },
      note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
      self.note = note
      self.goal = goal
      self.password = password
      self.confirm = confirm
      self.progress = progress
      self.planned = planned
      self.applying = applying
    }
  }

  /// What removes access and needs confirmation.
  package struct Confirmation: Sendable {
    package let plan: Plan
    package let authEnabled: Bool
    /// The shared users that are deleted after the plan.
    package let leaving: [String]
    /// Why the record may name users that this file did not create: another client may have written it, or another file
    /// has the same name. nil if neither was seen.
    package let recordDoubt: String?
    /// Users that got access back before the question, which an apply that was killed had taken away.
    package let restored: [String]

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
    /// What the members' counts of refused requests showed after authentication was turned on; nil if they were not
    /// watched.
    package let watch: RefusalReport?
    /// The users whose access was taken away while refused requests were counted.
    package let leaving: [Record.LeavingUser]
    /// nil if there were none to take access from.
    package let removal: WatchedRemoval.Outcome?
    /// Users whose access an apply took away which was killed before it could count refused requests, and that have it
    /// again.
    package let restored: [Record.LeavingUser]
    /// How many users did not get access back that an apply which was killed had taken away.
    package let notGivenBack: Int
    /// The changes that are left at the end; nil if the cluster was not read again.
    package let remaining: Plan?
    /// The differences that Bulkhead leaves and on which another person has to act. Empty in the stages before the last
    /// one, in which what the stages replace still exists.
    package let found: [Drift]
  }

  /// - Parameters:
  ///   - administrator: The credentials that `etcd` uses.
  ///   - lock: Held by the caller for the whole run.
  ///   - stage: nil to make the whole plan.
  ///   - switching: How authentication is turned on at the end if it is off; nil to leave it off.
  ///   - removalWatch: How long refused requests are counted before access is taken away that a program may still use,
  ///     and as long afterwards.
  ///   - pace: How many changes are made in a second at most; nil for as many as the cluster bears.
  ///   - version: Bulkhead's version, for the record.
  package init(
    _ etcd: EtcdClient, as administrator: ClientCredentials, lock: ClusterLock, stage: StageRequest?,
    switching: Switch?, removalWatch: WatchRequest, pace: Double? = nil, version: String,
    scope: ApplyScope = ApplyScope(), origin: HistoryOrigin? = nil, _ interaction: Interaction
  ) {
    self.scope = scope
    self.origin = origin
    self.etcd = etcd
    self.administrator = administrator
    self.lock = lock
    self.stage = stage
    self.switching = switching
    self.removalWatch = removalWatch
    self.pace = pace
    self.version = version
    self.interaction = interaction
  }

  /// - Throws: ``StageRefusal``, ``ApplyError``, ``EnableAuthRefusal``, ``MemberRefusal``, ``LockError``,
  ///   ``EtcdError``; what the interaction throws.
  package func run() async throws -> Outcome {
    let survey = try await Survey.take(etcd, as: administrator)
    var goal = try interaction.goal()
    let watched = WatchedRemoval(etcd, survey.members, as: administrator, lock: lock)
    let interrupted = try await restore(goal, survey, watched)
    let (before, all) = try await goal.plan(for: etcd, survey, progress: interaction.progress)
    let part =
      lock.isNone
      ? all.removing(from: before) : try stage?.part(of: all, from: before, goal) ?? all
    let whole = try scope.part(of: part, from: before, goal, survey, version: version)
    let turnsOn = switching != nil && !before.authEnabled
    if turnsOn,
      let refusal = try await EnableAuth(etcd, as: administrator).unreachedKeys(
        request(goal), state: before)
    {
      throw refusal
    }
    // Nothing is refused while authentication is off.
    let demotions = before.authEnabled && !lock.isNone ? whole.demotions(goal.desired) : []
    let shared = stage?.leaving(goal.desired) ?? []
    if !shared.isEmpty || !demotions.isEmpty, let member = survey.members.unreachable.first {
      throw StageRefusal.memberUnreachable(member.name)
    }
    let history = origin.map { HistoryWriter(etcd: etcd, lock: lock, origin: $0) }
    let after = before.after(whole.changes, deleting: shared)
    // Deleted last, while refused requests are counted.
    let recorded = whole.changes + shared.filter { before.users[$0] != nil }.map(Change.deleteUser)
    let managed = try self.managed(by: whole, goal, survey)
    let draft = try await history?.draft(
      goal, survey, changes: recorded, from: before, to: after, managed: managed,
      note: interaction.note)
    if !whole.removals.isEmpty || !shared.isEmpty {
      try interaction.confirm(
        Confirmation(
          plan: whole, authEnabled: before.authEnabled, leaving: shared,
          recordDoubt: try goal.recordDoubt(survey, before), restored: interrupted.restorable.map(\.name)))
    }
    if !whole.isEmpty { await interaction.planned(whole) }
    let later = Set(demotions.map { Change.unlink(user: $0.name, role: Role.root) })
    let plan =
      later.isEmpty ? whole : whole.with(whole.changes.filter { !later.contains($0) }, from: before)

    let started = ContinuousClock.now
    if !lock.isNone { goal = try goal.withPasswords(interaction.password) }
    let bookkeeping = try Bookkeeping(survey, before, goal, lock, bulkhead: version)
    let leaving = try await watched.current(shared) + demotions
    try await bookkeeping.begin(plan, leaving: leaving)
    let begun = try await history?.begin(draft, bulkhead: version)
    try await Apply(etcd, lock: lock, pace: pace, password: goal.password).run(
      plan, desired: goal.desired, progress: interaction.applying)
    let time = ContinuousClock.now - started

    var removal: WatchedRemoval.Outcome?
    if !shared.isEmpty || !demotions.isEmpty {
      removal = try await watched.remove(leaving, removalWatch, progress: interaction.progress)
      try await bookkeeping.endLeaving(plan)
    } else if !lock.isNone, stage == nil || stage?.stage == .clean, scope.covers(plan) {
      // As long as changes are left, nothing is recorded as applied.
      try await bookkeeping.finish(
        plan, authRevision: await survey.authRevision(after: plan, of: etcd, as: administrator))
    }

    try await history?.finish(begun, unchanged: removal?.isGivenBack == true ? leaving.map(\.name) : [])
    let whenOn: @Sendable () async throws -> Void = { [goal] in
      let dropped = try await bookkeeping.confirm(plan, etcd)
      if let history, begun != nil {
        // This run's changes are recorded again from memory: a client could change what was written.
        let again = try await history.draft(
          goal, survey, changes: recorded, from: before, to: after, managed: managed, note: { _ in })
        try await history.finish(try await history.begin(again, bulkhead: version))
      }
      if let words = dropped.without(history: begun == nil ? 0 : 1).words { interaction.note(words) }
    }
    // Completed despite an interruption.
    let enabled =
      turnsOn ? try await turnOn(goal, survey) { try await Task { try await whenOn() }.value } : nil

    // Empty passwords can be tried only after authentication is turned on, and only now the shared users are
    // deleted or restored. Changes that are left for a later stage are not reported again.
    let looksAgain = turnsOn && stage == nil || removal != nil || lock.isNone
    let remaining = looksAgain ? try await settle(goal) : nil
    let isLast = stage == nil || stage?.stage == .clean
    return Outcome(
      plan: plan, time: time, authEnabledBefore: before.authEnabled, turnedOn: turnsOn,
      refusedAtSwitch: enabled?.refused, membersAsked: enabled?.asked, watch: enabled?.watch,
      leaving: leaving, removal: removal, restored: interrupted.restorable,
      notGivenBack: interrupted.refused.count,
      remaining: remaining, found: isLast ? (remaining ?? all).needingAttention : [])
  }

  /// Gives access back that an apply took away before it was killed, and says so: the run may stop later.
  private func restore(
    _ goal: ApplyGoal, _ survey: Survey, _ watched: WatchedRemoval
  ) async throws -> InterruptedRemovals {
    let leaving = try goal.interruptedRemovals(survey)
    // Without the lock access is only removed.
    guard !leaving.isEmpty, !lock.isNone else { return InterruptedRemovals() }
    let state = try await goal.plan(for: etcd, survey, atEachMember: false, progress: interaction.progress)
      .state
    let interrupted = InterruptedRemovals(
      leaving, in: state, goal.desired, foreign: try goal.claim(survey.records).foreign)
    try scope.check(interrupted)
    try await watched.restore(interrupted)
    for user in interrupted.restorable {
      interaction.note("\(quoted(user.name)) has the access again that an apply which was killed took away")
    }
    for refused in interrupted.refused { interaction.note(refused.words) }
    return interrupted
  }

  /// What Bulkhead manages before and after a plan.
  private func managed(
    by plan: Plan, _ goal: ApplyGoal, _ survey: Survey
  ) throws -> (before: Managed, after: Managed) {
    let before = try goal.claim(survey.records).managed
    let isWhole = plan.left.isEmpty && (stage == nil || stage?.stage == .clean)
    return (before, isWhole ? plan.managed : before.union(plan.managed))
  }

  private func request(_ goal: ApplyGoal) -> EnableAuth.Request {
    EnableAuth.Request(
      applicant: goal.applicant, desired: goal.desired, unreachable: switching?.unreachable ?? [],
      watch: switching?.watch, wayBacks: switching?.wayBacks ?? .none)
  }

  /// Reads the users and roles once more, and turns authentication on only if none of the file's is missing now.
  /// - Parameter whenOn: Called once it is on.
  /// - Returns: How many requests etcd refused because they were in flight, nil if unknown, which members
  ///   answered afterwards, and what they refused then.
  private func turnOn(
    _ goal: ApplyGoal, _ survey: Survey, whenOn: @Sendable () async throws -> Void
  ) async throws -> (refused: Int?, asked: String, watch: RefusalReport?)? {
    let (applied, rest) = try await goal.plan(
      for: etcd, survey, atEachMember: false, progress: interaction.progress)
    let missing = rest.withoutLosses
    guard missing.isEmpty else { throw StageRefusal.notPrepared(missing.count) }
    let outcome = try await EnableAuth(etcd, as: administrator, lock: lock).run(
      request(goal), state: applied, secret: EnableAuth.randomSecret(), progress: interaction.progress,
      whenOn: whenOn)
    guard case .turnedOn(let refused, let asked, let watch) = outcome else { return nil }
    return (refused, asked, watch)
  }

  /// Plans once more, and records that all changes are applied if the plan is empty.
  private func settle(_ goal: ApplyGoal) async throws -> Plan {
    let survey = try await Survey.take(etcd, as: administrator)
    let (state, remaining) = try await goal.plan(for: etcd, survey, progress: interaction.progress)
    if remaining.isEmpty, !lock.isNone {
      try await Bookkeeping(survey, state, goal, lock, bulkhead: version).finish(
        remaining, authRevision: await survey.authRevision(after: remaining, of: etcd, as: administrator))
    }
    return remaining
  }
}
