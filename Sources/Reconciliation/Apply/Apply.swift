import Errors
import Etcd

/// Makes the changes of a plan, phase by phase.
package struct Apply: Sendable {
  let etcd: EtcdClient
  let lock: ClusterLock?
  /// The least time from the start of one change to that of the next; nil for none.
  let interval: Duration?
  let password: Password

  /// Returns the password of a user. The password must be on the disk when this returns: Bulkhead creates a
  /// user only with a password that cannot be lost.
  package typealias Password = @Sendable (_ user: String) throws -> String

  /// - Parameters:
  ///   - lock: Checked before each change.
  ///   - pace: How many changes are made in a second at most; nil for as many as the cluster bears. Changes that give back
  ///     what was just taken away, and those before them, are not slowed down.
  ///   - password: nil if no user logs in with a password.
  package init(
    _ etcd: EtcdClient, lock: ClusterLock? = nil, pace: Double? = nil, password: Password? = nil
  ) {
    interval = pace.map { .seconds(1) / $0 }
    self.etcd = etcd
    self.lock = lock
    self.password = password ?? { throw NoPassword(user: $0) }
  }

  /// Makes one change. If the answer is lost, reads etcd to learn whether the change was made, and retries
  /// only if it was not. A change that is already there, made late or by another client, counts as made.
  package func make(_ change: Change) async throws { try await etcd.carryOut(change, password, lock: lock) }

  /// Makes the changes in order, several of one phase at a time, reads each changed user and role back, and
  /// stops at the first change that fails. Changes in flight at a failure or an interruption are completed. Changes
  /// that were made stay; a new plan contains the rest.
  /// - Parameter progress: Called when a change starts and when it is made.
  /// - Throws: ``ApplyError``; what ``password`` throws.
  package func run(
    _ plan: Plan, desired: DesiredState, progress: @Sendable (ApplyProgress) -> Void = { _ in }
  ) async throws {
    var pipeline = Pipeline(self, total: plan.changes.count)
    for (index, phase) in plan.phases.enumerated() {
      try await pipeline.carryOut(
        phase, completes: plan.completions.contains(index),
        isCompletedByNext: plan.completions.contains(index + 1), progress)
    }
    // A separate task, so that an interruption does not cancel it.
    try await Task { try await readBack(plan, desired) }.value
  }

  /// Reads each user and role that the plan changes.
  private func readBack(_ plan: Plan, _ desired: DesiredState) async throws {
    let left = plan.left
    let changedRoles = Set(plan.changes.compactMap(\.role))
    let roles = desired.roles.filter { changedRoles.contains($0.name) }
    let changedUsers = Set(plan.changes.compactMap(\.user))
    let users = desired.users.filter { changedUsers.contains($0.name) }
    let foundRoles: [String: [Permission]]
    let foundUsers: [String: Set<String>]
    let names: (users: Set<String>, roles: Set<String>)
    do throws(EtcdError) {
      names = (Set(try await etcd.patiently(etcd.users)), Set(try await etcd.patiently(etcd.roles)))
      foundRoles = try await concurrently(
        roles.map(\.name).filter(names.roles.contains), limit: 64
      ) { role async throws(EtcdError) in
        try await etcd.patiently { () async throws(EtcdError) in try await etcd.permissions(ofRole: role) }
      }
      foundUsers = try await concurrently(
        users.map(\.name).filter(names.users.contains), limit: 64
      ) { user async throws(EtcdError) in
        try await etcd.patiently { () async throws(EtcdError) in Set(try await etcd.roles(ofUser: user)) }
      }
    } catch { throw ApplyError.notReadBack(error) }
    func check(_ what: String, _ remaining: [Change]) throws(ApplyError) {
      let remaining = remaining.filter { !left.contains($0) }
      if !remaining.isEmpty { throw .readsBackDifferently(what, remaining: remaining) }
    }
    for role in roles {
      let difference = RoleDifference(
        from: foundRoles[role.name] ?? [], to: role.permissions, role: role.name,
        isExact: plan.managed.roles.contains(role.name))
      let missing = names.roles.contains(role.name) ? [] : [Change.addRole(role.name)]
      try check("the role \(role.name)", missing + difference.additions + difference.removals)
    }
    for user in users {
      let held = foundUsers[user.name]
      let missing = held == nil ? [Change.addUser(user.name)] : []
      try check(
        "the user \(user.name)",
        missing
          + user.roles.filter { !(held ?? []).contains($0) }.map { .link(user: user.name, role: $0) })
    }
    for change in plan.deletionsThatLast {
      let isThere =
        switch change {
        case .deleteUser(let name): names.users.contains(name)
        case .deleteRole(let name): names.roles.contains(name)
        default: false
        }
      if isThere { try check("the list of users and roles", [change]) }
    }
  }
}

extension Plan {
  /// Deletions of users and roles that the plan does not create again.
  fileprivate var deletionsThatLast: [Change] {
    let all = Set(changes)
    return changes.filter { change in
      switch change {
      case .deleteUser(let name): !all.contains(.addUser(name)) && !all.contains(.addPasswordUser(name))
      case .deleteRole(let name): !all.contains(.addRole(name))
      default: false
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
  /// `what` is the user or role.
  case readsBackDifferently(_ what: String, remaining: [Change])

  package var description: String {
    switch self {
    case .stopped(let done, let total, let change, let error):
      "stopped after \(done) of \(total) changes, could not \(change.words): \(error)"
    case .interrupted(let done, let total): "interrupted after \(done) of \(total) changes"
    case .unlocked(let done, let total, let error): "stopped after \(done) of \(total) changes: \(error)"
    case .notReadBack(let error): "all changes are made, but could not be read back: \(error)"
    case .readsBackDifferently(let what, let remaining):
      "\(what) differs from what was written: to do is \(remaining.map(\.words).joined(separator: "; "))"
    }
  }

  package var hint: String? {
    switch self {
    case .stopped(_, _, _, let error):
      (error.hint.map { $0 + "; " } ?? "") + "completed changes stay: run the same command again to continue"
    case .interrupted: "completed changes stay: run the same command again to continue"
    case .unlocked(_, _, let error): error.hint
    case .notReadBack: "run the same command again to see whether anything is left to do"
    case .readsBackDifferently:
      "another client may change users and roles at the same time; see 'bulkhead plan'"
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

  /// The user whose existence or roles the change touches.
  fileprivate var user: String? {
    switch self {
    case .addUser(let user), .addPasswordUser(let user), .link(let user, _), .unlink(let user, _): user
    default: nil
    }
  }
}
