import Etcd

/// Carries out a plan, change by change.
public struct Apply: Sendable {
  let etcd: EtcdClient
  let lock: ClusterLock?
  let password: Password

  /// Gives a user's password, which is safe on the disk when it returns: a user is only made with one that cannot be
  /// lost any more.
  public typealias Password = @Sendable (_ user: String) throws -> String

  /// - Parameters:
  ///   - lock: Checked before each change.
  ///   - password: Nil where nobody logs in with one.
  public init(_ etcd: EtcdClient, lock: ClusterLock? = nil, password: Password? = nil) {
    self.etcd = etcd
    self.lock = lock
    self.password = password ?? { throw NoPassword(user: $0) }
  }

  /// Makes the changes in their order, reads back every role that was changed, and stops at the first that fails.
  /// What was done until then stays done; planning again shows the rest.
  /// - Parameter progress: Called before each change with its place in the plan, from 0.
  /// - Throws: ``ApplyError``.
  public func callAsFunction(
    _ plan: Plan, desired: DesiredState, progress: @Sendable (Int, Change) -> Void = { _, _ in }
  ) async throws {
    for (index, change) in plan.changes.enumerated() {
      progress(index, change)
      if Task.isCancelled { throw ApplyError.interrupted(done: index, of: plan.changes.count) }
      do {
        try await lock?.check()
        // A task of its own, which an interruption does not reach: the change in hand is finished.
        try await Task { try await make(change) }.value
      } catch let error as EtcdError {
        throw ApplyError.stopped(done: index, of: plan.changes.count, at: change, error)
      } catch let error as LockError {
        throw ApplyError.unlocked(done: index, of: plan.changes.count, error)
      }
    }
    try await Task { try await readBack(plan, desired) }.value
  }

  /// Makes one change. If its answer is lost, whether it was made is found out by reading; it is made again only if
  /// it was not. A change that turns out to be made already, late or by somebody else, is made.
  public func make(_ change: Change) async throws {
    for attempt in 1...3 {
      do {
        return try await etcd.make(change, password)
      } catch let error as EtcdError {
        guard error.isTransient || error.code == .alreadyExists || error.code == .notFound else {
          throw error
        }
        if try await etcd.has(change, password) { return }
        guard error.isTransient, attempt < 3 else { throw error }
        try? await Task.sleep(for: .milliseconds(300 * attempt))
      }
    }
  }

  private func readBack(_ plan: Plan, _ desired: DesiredState) async throws {
    let changed = Set(plan.changes.compactMap(\.role))
    for role in desired.roles where changed.contains(role.name) {
      let found = try await etcd.permissions(ofRole: role.name)
      let difference = RoleDifference(
        from: found, to: role.permissions, role: role.name, isExact: plan.managed.roles.contains(role.name))
      guard difference.additions.isEmpty, difference.removals.isEmpty else {
        throw ApplyError.readsBackDifferently(
          role: role.name, remaining: difference.additions + difference.removals)
      }
    }
  }
}

/// A user is to be made with a password and nobody has one for it.
public struct NoPassword: Error, Sendable, CustomStringConvertible {
  public let user: String
  public var description: String { "no password is known for '\(user)'" }
}

/// Why a plan was not carried out to its end.
public enum ApplyError: Error, Sendable, CustomStringConvertible {
  case stopped(done: Int, of: Int, at: Change, EtcdError)
  case interrupted(done: Int, of: Int)
  case unlocked(done: Int, of: Int, LockError)
  case readsBackDifferently(role: String, remaining: [Change])

  public var description: String {
    switch self {
    case .stopped(let done, let total, let change, let error):
      "stopped after \(done) of \(total) changes, could not \(change.words): \(error)"
    case .interrupted(let done, let total): "interrupted after \(done) of \(total) changes"
    case .unlocked(let done, let total, let error): "stopped after \(done) of \(total) changes: \(error)"
    case .readsBackDifferently(let role, let remaining):
      "the role \(role) reads back differently from what was written: \(remaining.map(\.words).joined(separator: "; "))"
    }
  }

  public var hint: String {
    switch self {
    case .stopped(_, _, _, let error):
      (error.hint.map { $0 + "; " } ?? "") + "what is done stays done: run the same command again to go on"
    case .interrupted: "what is done stays done: run the same command again to go on"
    case .unlocked(_, _, let error): error.hint
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

extension EtcdClient {
  fileprivate func make(_ change: Change, _ password: Apply.Password) async throws {
    switch change {
    case .addRole(let role): try await addRole(role)
    case .deleteRole(let role): try await deleteRole(role)
    case .grant(let permission, let role), .narrow(let permission, let role):
      try await grant(permission, toRole: role)
    case .revoke(let permission, let role): try await revoke(permission, fromRole: role)
    case .addUser(let user): try await addUser(user)
    case .addPasswordUser(let user): try await addUser(user, withPassword: password(user))
    case .changePassword(let user): try await changePassword(ofUser: user, to: password(user))
    case .deleteUser(let user): try await deleteUser(user)
    case .link(let user, let role): try await grant(role: role, toUser: user)
    case .unlink(let user, let role): try await revoke(role: role, fromUser: user)
    }
  }

  /// Whether etcd already is as it is after the change.
  fileprivate func has(_ change: Change, _ password: Apply.Password) async throws -> Bool {
    switch change {
    case .addRole(let role): try await roles().contains(role)
    case .deleteRole(let role): !(try await roles().contains(role))
    case .grant(let permission, let role), .narrow(let permission, let role):
      try await permissions(ofRole: role).contains(permission)
    case .revoke(let permission, let role):
      !(try await permissions(ofRole: role).contains { $0.hasSameRange(as: permission) })
    case .addUser(let user), .addPasswordUser(let user): try await users().contains(user)
    // While authentication is off nothing tells, and to change it again to the same does no harm.
    case .changePassword(let user):
      if try await !isAuthEnabled() {
        false
      } else {
        try await passwordFault(ofUser: user, passwords: [password(user)]) == nil
      }
    case .deleteUser(let user): !(try await users().contains(user))
    case .link(let user, let role): try await roles(ofUser: user).contains(role)
    case .unlink(let user, let role): !(try await roles(ofUser: user).contains(role))
    }
  }
}
