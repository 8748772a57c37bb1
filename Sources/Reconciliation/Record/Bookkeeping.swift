import Etcd

/// Keeps the record up to date with what is applied.
package struct Bookkeeping: Sendable {
  private let lock: ClusterLock
  private let goal: Goal
  /// The record as it was read under the lock.
  private let record: Record?
  private let authEnabled: Bool
  private let bulkhead: String

  /// - Parameter bulkhead: Bulkhead's version.
  package init(_ survey: Survey, _ goal: Goal, _ lock: ClusterLock, bulkhead: String) {
    self.lock = lock
    self.goal = goal
    self.record = survey.record
    authEnabled = survey.authEnabled
    self.bulkhead = bulkhead
  }

  /// Called before the first change. The names of users and roles are in the record before they are created,
  /// so that a killed process leaves nothing behind that the record does not list.
  package func begin(_ plan: Plan) async throws {
    guard !plan.isEmpty else { return }
    let before = record ?? Record()
    let during = Record(managed: before.managed.union(plan.managed))
    if during != record { try await during.write(lock) }
  }

  /// Called after the last change.
  /// - Parameter authRevision: The revision at which the users and roles are as the plan left them; nil if
  ///   unknown.
  package func finish(_ plan: Plan, authRevision: Int64?) async throws {
    let after = Record(
      managed: plan.managed,
      applied: Record.Applied(
        file: goal.file, wanted: goal.wanted, authRevision: authRevision,
        leftAlone: plan.drift.count(where: \.isLeft), bulkhead: bulkhead,
        // While authentication is off passwords cannot be tried.
        passwords: authEnabled ? try goal.onlyPasswords.map(PasswordDigest.init) : nil))
    if after != record || !plan.isEmpty { try await after.write(lock) }
  }
}

extension Survey {
  /// The auth revision after a plan; nil if another client changed users or roles since this survey. Each
  /// change increases the revision by one.
  package func authRevision(
    after plan: Plan, of etcd: EtcdClient, as credentials: ClientCredentials
  ) async -> Int64? {
    guard let before = authRevision else { return nil }
    // The metrics of a member may be slightly behind the last write.
    for _ in 1...10 {
      guard case .same(let now) = await members.authRevision(etcd, as: credentials) else { return nil }
      if now == before + Int64(plan.changes.count) { return now }
      if now > before + Int64(plan.changes.count) { return nil }
      try? await Task.sleep(for: .milliseconds(200))
    }
    return nil
  }
}
