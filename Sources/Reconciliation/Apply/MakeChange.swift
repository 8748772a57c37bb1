import Etcd

extension EtcdClient {
  /// Makes one change. If the answer is lost, reads etcd to learn whether the change was made, and retries
  /// only if it was not. A change that is already there, made late or by another client, counts as made.
  /// - Returns: The number of attempts, plus one if the last answer was lost. More than one: the cluster is
  ///   in trouble.
  /// - Parameter lock: Checked before each attempt.
  /// - Throws: ``EtcdError``; ``LockError``; what `password` throws.
  @discardableResult
  func carryOut(_ change: Change, _ password: Apply.Password, lock: ClusterLock?) async throws -> Int {
    var attempts = 0
    while true {
      attempts += 1
      try await lock?.check()
      do {
        try await make(change, password)
        return attempts
      } catch let error as EtcdError {
        guard error.isTransient || error.code == .alreadyExists || error.code == .notFound else {
          throw error
        }
        let isMade = try await patiently { try await has(change, password) }
        if isMade { return attempts + (error.isTransient ? 1 : 0) }
        guard error.isTransient, attempts < 3 else { throw error }
        try? await Task.sleep(for: .milliseconds(300 * attempts))
      }
    }
  }

  /// Retries an idempotent call, three attempts in all, while the errors are transient.
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

  /// Whether etcd already is in the state that the change leads to.
  private func has(_ change: Change, _ password: Apply.Password) async throws -> Bool {
    switch change {
    case .addRole(let role): try await roles().contains(role)
    case .deleteRole(let role): !(try await roles().contains(role))
    case .grant(let permission, let role), .narrow(let permission, let role):
      try await permissions(ofRole: role).contains(permission)
    case .revoke(let permission, let role):
      !(try await permissions(ofRole: role).contains { $0.hasSameRange(as: permission) })
    // Another client may have created the user with a password.
    case .addUser(let user):
      if try await users().contains(user) {
        switch try await tryEmptyPassword(ofUser: user) {
        case .noPassword, .authNotEnabled: true
        case .refused, .open: false
        }
      } else {
        false
      }
    case .addPasswordUser(let user): try await users().contains(user)
    // While authentication is off a password cannot be tried; to set the same password again is harmless.
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
