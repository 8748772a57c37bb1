import Etcd

extension EtcdClient {
  /// Makes one change. If its answer is lost, whether it was made is found out by reading; it is made again only if
  /// it was not. A change that turns out to be made already, late or by somebody else, is made.
  /// - Returns: How often it was sent. More than once, or with its answer lost, means that the cluster is in trouble.
  /// - Throws: ``EtcdError``; what `password` throws.
  @discardableResult
  func carryOut(_ change: Change, _ password: Apply.Password) async throws -> Int {
    var sendings = 0
    while true {
      sendings += 1
      do {
        try await make(change, password)
        return sendings
      } catch let error as EtcdError {
        guard error.isTransient || error.code == .alreadyExists || error.code == .notFound else {
          throw error
        }
        let isMade = try await patiently { try await has(change, password) }
        if isMade { return sendings + (error.isTransient ? 1 : 0) }
        guard error.isTransient, sendings < 3 else { throw error }
        try? await Task.sleep(for: .milliseconds(300 * sendings))
      }
    }
  }

  /// Does what may be done twice again while it only fails because a member is away or silent.
  func patiently<Result, Failure: Error>(
    _ body: () async throws(Failure) -> Result
  ) async throws(Failure) -> Result {
    for attempt in 1...2 {
      do { return try await body() } catch {
        guard (error as? EtcdError)?.isTransient == true else { throw error }
        try? await Task.sleep(for: .milliseconds(500 * attempt))
      }
    }
    return try await body()
  }

  private func make(_ change: Change, _ password: Apply.Password) async throws {
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
  private func has(_ change: Change, _ password: Apply.Password) async throws -> Bool {
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
