import Etcd
import Segmentation

/// One `bulkhead apply` under the lock, from the first read to the last. The order of the steps in ``run()`` is what
/// keeps everybody's access at each interruption:
///
/// 1. Read the cluster again: another apply may have ended while this one waited for the lock.
/// 2. Plan; take the part that belongs to the stage.
/// 3. Ask, if access is taken away.
/// 4. Write the passwords to the disk, then the names of what will be made to the record.
/// 5. Make the changes and read them back.
/// 6. Delete the shared user and watch, or record that all is applied.
/// 7. Turn authentication on.
/// 8. Plan again, for what shows only now, and record that all is applied if nothing is left.
package struct ApplyRun: Sendable {
  let etcd: EtcdClient
  let administrator: ClientCredentials
  let lock: ClusterLock
  let stage: StageRequest?
  let turnsOnAuthentication: Bool
  let version: String
  let interaction: Interaction

  /// What a run needs from whoever starts it.
  package struct Interaction: Sendable {
    /// Reads what the file wants, passwords on the disk included.
    let goal: @Sendable () throws -> Goal
    /// Gives the password of a user, which is safe on the disk when this returns.
    let password: @Sendable (_ user: String) throws -> String
    /// Called if access is taken away. Throws to stop; nothing has been written then.
    let confirm: @Sendable (_ question: Confirmation) throws -> Void
    let progress: @Sendable (String) -> Void
    /// Called with each change that is begun or made.
    let applying: @Sendable (ApplyProgress) -> Void

    package init(
      goal: @escaping @Sendable () throws -> Goal,
      password: @escaping @Sendable (_ user: String) throws -> String,
      confirm: @escaping @Sendable (_ question: Confirmation) throws -> Void,
      progress: @escaping @Sendable (String) -> Void = { _ in },
      applying: @escaping @Sendable (ApplyProgress) -> Void = { _ in }
    ) {
      self.goal = goal
      self.password = password
      self.confirm = confirm
      self.progress = progress
      self.applying = applying
    }
  }

  /// What takes access away and so wants an answer first.
  package struct Confirmation: Sendable {
    package let plan: Plan
    package let authEnabled: Bool
    /// The shared user that is deleted after the plan; nil if none is.
    package let leaving: String?
  }

  /// What a run has done.
  package struct Outcome: Sendable {
    package let plan: Plan
    /// The time from the first write to the last read of the changes.
    package let time: Duration
    package let authEnabledBefore: Bool
    package let turnedOn: Bool
    /// Requests that were refused because they were in flight when authentication went on; nil if that is unknown.
    package let refusedAtSwitch: Int?
    package let shared: SharedUser.Outcome?
    /// The changes that are left and showed only at the end; nil if nothing was looked at again.
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
    turnsOnAuthentication: Bool, version: String, _ interaction: Interaction
  ) {
    self.etcd = etcd
    self.administrator = administrator
    self.lock = lock
    self.stage = stage
    self.turnsOnAuthentication = turnsOnAuthentication
    self.version = version
    self.interaction = interaction
  }

  /// - Throws: ``StageRefusal``, ``ApplyError``, ``EnableAuthRefusal``, ``MemberRefusal``, ``LockError``, ``EtcdError``;
  ///   what the interaction throws.
  package func run() async throws -> Outcome {
    let survey = try await Survey.take(etcd, as: administrator)
    var goal = try interaction.goal()
    let (before, whole) = try await goal.plan(for: etcd, survey, progress: interaction.progress)
    let plan = try stage?.part(of: whole, from: before, goal) ?? whole
    let leaving = stage?.leaving(goal.desired)
    if !plan.removals.isEmpty || leaving != nil {
      try interaction.confirm(Confirmation(plan: plan, authEnabled: before.authEnabled, leaving: leaving))
    }

    let started = ContinuousClock.now
    goal = try goal.withPasswords(interaction.password)
    let bookkeeping = Bookkeeping(survey, goal, lock, bulkhead: version)
    try await bookkeeping.begin(plan)
    try await Apply(etcd, lock: lock, password: goal.password).run(
      plan, desired: goal.desired, progress: interaction.applying)
    let time = ContinuousClock.now - started

    var shared: SharedUser.Outcome?
    if let leaving, let stage {
      shared = try await SharedUser(etcd, as: administrator).remove(
        leaving, watching: stage.watch, progress: interaction.progress)
    } else if stage == nil || stage?.stage == .clean {
      // Until all is done, nothing is recorded as applied.
      try await bookkeeping.finish(
        plan, authRevision: try await survey.authRevision(after: plan, of: etcd, as: administrator))
    }

    let turnsOn = turnsOnAuthentication && !before.authEnabled
    let refused = turnsOn ? try await turnOn(goal, survey) : nil

    // Whether a user accepts an empty password can be tried only now, and what became of the shared user shows now.
    // Changes that are left for a later stage are not reported again.
    let looksAgain = turnsOn && stage == nil || leaving != nil
    return Outcome(
      plan: plan, time: time, authEnabledBefore: before.authEnabled, turnedOn: turnsOn,
      refusedAtSwitch: refused,
      shared: shared, remaining: looksAgain ? try await settle(goal) : nil)
  }

  /// - Returns: The requests that were refused because they were in flight at that moment; nil if that is unknown.
  private func turnOn(_ goal: Goal, _ survey: Survey) async throws -> Int? {
    let (applied, _) = try await goal.plan(for: etcd, survey, progress: interaction.progress)
    let outcome = try await EnableAuth(etcd, as: administrator).run(
      applicant: goal.applicant, state: applied, secret: EnableAuth.randomSecret(),
      progress: interaction.progress)
    guard case .turnedOn(let refused) = outcome else { return nil }
    return refused
  }

  /// Plans once more, and records that all is applied if nothing is left to do.
  private func settle(_ goal: Goal) async throws -> Plan {
    let survey = try await Survey.take(etcd, as: administrator)
    let (_, remaining) = try await goal.plan(for: etcd, survey, progress: interaction.progress)
    if remaining.isEmpty {
      try await Bookkeeping(survey, goal, lock, bulkhead: version).finish(
        remaining, authRevision: try await survey.authRevision(after: remaining, of: etcd, as: administrator))
    }
    return remaining
  }
}
