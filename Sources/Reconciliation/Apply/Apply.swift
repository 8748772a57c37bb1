import Errors
import Etcd

/// Makes the changes of a plan, phase by phase.
package struct Apply: Sendable {
  let etcd: EtcdClient
  let lock: ClusterLock?
  let password: Password

  /// Returns the password of a user. The password must be on the disk when this returns: Bulkhead creates a
  /// user only with a password that cannot be lost.
  package typealias Password = @Sendable (_ user: String) throws -> String

  /// - Parameters:
  ///   - lock: Checked before each change.
  ///   - password: nil if no user logs in with a password.
  package init(_ etcd: EtcdClient, lock: ClusterLock? = nil, password: Password? = nil) {
    self.etcd = etcd
    self.lock = lock
    self.password = password ?? { throw NoPassword(user: $0) }
  }

  /// Makes one change. If the answer is lost, reads etcd to learn whether the change was made, and retries
  /// only if it was not. A change that is already there, made late or by another client, counts as made.
  package func make(_ change: Change) async throws { try await etcd.carryOut(change, password) }

  /// Makes the changes in order, several of one phase at a time, reads each changed role back, and stops at
  /// the first change that fails. Changes in flight at a failure or an interruption are completed. Changes
  /// that were made stay; a new plan contains the rest.
  /// - Parameter progress: Called when a change starts and when it is made.
  /// - Throws: ``ApplyError``; what ``password`` throws.
  package func run(
    _ plan: Plan, desired: DesiredState, progress: @Sendable (ApplyProgress) -> Void = { _ in }
  ) async throws {
    var pipeline = Pipeline(self, total: plan.changes.count)
    for phase in plan.phases { try await pipeline.carryOut(phase, progress) }
    // A separate task, so that an interruption does not cancel it.
    try await Task { try await readBack(plan, desired) }.value
  }

  private func readBack(_ plan: Plan, _ desired: DesiredState) async throws {
    let changed = Set(plan.changes.compactMap(\.role))
    let roles = desired.roles.filter { changed.contains($0.name) }
    let found: [String: [Permission]]
    do throws(EtcdError) {
      found = try await concurrently(roles.map(\.name), limit: 64) { role async throws(EtcdError) in
        try await etcd.patiently { () async throws(EtcdError) in try await etcd.permissions(ofRole: role) }
      }
    } catch { throw ApplyError.notReadBack(error) }
    for role in roles {
      let difference = RoleDifference(
        from: found[role.name] ?? [], to: role.permissions, role: role.name,
        isExact: plan.managed.roles.contains(role.name))
      let remaining = (difference.additions + difference.removals).filter { !plan.left.contains($0) }
      guard remaining.isEmpty else {
        throw ApplyError.readsBackDifferently(role: role.name, remaining: remaining)
      }
    }
  }
}

/// A user must be created with a password, and no password was given for it.
package struct NoPassword: Error, Sendable, CustomStringConvertible {
  package let user: String
  package var description: String { "no password is known for '\(user)'" }
}

/// Why a plan was not completed.
package enum ApplyError: ExplainedError, Sendable {
  case stopped(done: Int, of: Int, at: Change, EtcdError)
  case interrupted(done: Int, of: Int)
  case unlocked(done: Int, of: Int, LockError)
  /// All changes are made, but the roles could not be read back.
  case notReadBack(EtcdError)
  case readsBackDifferently(role: String, remaining: [Change])

  package var description: String {
    switch self {
    case .stopped(let done, let total, let change, let error):
      "stopped after \(done) of \(total) changes, could not \(change.words): \(error)"
    case .interrupted(let done, let total): "interrupted after \(done) of \(total) changes"
    case .unlocked(let done, let total, let error): "stopped after \(done) of \(total) changes: \(error)"
    case .notReadBack(let error): "all changes are made, but could not be read back: \(error)"
    case .readsBackDifferently(let role, let remaining):
      "the role \(role) reads back differently from what was written: \(remaining.map(\.words).joined(separator: "; "))"
    }
  }

  package var hint: String? {
    switch self {
    case .stopped(_, _, _, let error):
      (error.hint.map { $0 + "; " } ?? "") + "what is done stays done: run the same command again to go on"
    case .interrupted: "what is done stays done: run the same command again to go on"
    case .unlocked(_, _, let error): error.hint
    case .notReadBack: "run the same command again to see whether anything is left to do"
    case .readsBackDifferently:
      "somebody else may be changing the role at the same time; see 'bulkhead plan'"
    }
  }
}

extension Change {
  /// The role whose permissions the change touches.
  fileprivate var role: String? {
    switch self {
    case .addRole(let role), .grant(_, let role), .narrow(_, let role), .revoke(_, let role): role
    default: nil
    }
  }
}
