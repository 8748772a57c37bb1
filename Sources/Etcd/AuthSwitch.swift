/// Turning authentication on and off, and what a password login tells.
extension EtcdClient {
  /// What an attempt to log in with the empty password says about a user and about authentication itself.
  package enum EmptyPasswordLogin: Sendable {
    /// Authentication is off.
    case authNotEnabled
    /// The user has no password: only its certificate can be it.
    case noPassword
    /// The user has a password, and it is not the empty one. (Or there is no such user.)
    case refused
    /// Any client that reaches etcd can become this user.
    case open
  }

  /// Tries the empty password. This changes nothing, works on every release, and unlike AuthStatus never harms a
  /// member: one AuthStatus call stops members before 3.4.31 for good (etcd, `server/etcdserver/apply.go`).
  package func tryEmptyPassword(ofUser user: String) async throws(EtcdError) -> EmptyPasswordLogin {
    do {
      _ = try await authenticate(user, password: "")
      return .open
    } catch {
      switch error.code {
      case .authNotEnabled: return .authNotEnabled
      case .userHasNoPassword: return .noPassword
      case .loginFailed, .notFound: return .refused
      default: throw error
      }
    }
  }

  /// What is wrong with the password of a user that is to log in with one.
  package enum PasswordFault: Hashable, Sendable {
    /// The user was made without a password, and such a user cannot be given one.
    case none
    /// The user has another password than this one.
    case another
    /// The empty password gets in: any client that reaches etcd can become this user.
    case empty
  }

  /// Tries a user's password while authentication is on. A user has one password: if this one gets in, no other does,
  /// the empty one included, and each try costs etcd the work of bcrypt.
  /// - Parameter passwords: The one, or the two of a change that may or may not have been made; none if it is unknown.
  /// - Returns: nil if one of them gets in.
  package func passwordFault(
    ofUser user: String, passwords: [String]
  ) async throws(EtcdError) -> PasswordFault? {
    for password in passwords {
      do {
        _ = try await authenticate(user, password: password)
        return nil
      } catch  where error.code == .loginFailed {
      } catch  where error.code == .userHasNoPassword {
        return PasswordFault.none
      }
    }
    return switch try await tryEmptyPassword(ofUser: user) {
    case .open: .empty
    case .noPassword: PasswordFault.none
    case .refused, .authNotEnabled: .another
    }
  }

  package func isAuthEnabled() async throws(EtcdError) -> Bool {
    try await tryEmptyPassword(ofUser: "root") != .authNotEnabled
  }

  /// Turns authentication on. Nothing happens where it is on, so a lost answer does not matter.
  package func enableAuth() async throws(EtcdError) {
    _ = try await call(Auth.enable, EmptyRequest(), operation: "AuthEnable")
  }

  /// Turns authentication off. Nothing happens where it is off.
  package func disableAuth() async throws(EtcdError) {
    _ = try await call(Auth.disable, EmptyRequest(), operation: "AuthDisable")
  }

  /// A second way in while authentication is being turned on: an administrator with a password, which works even
  /// where etcd turns out to ignore certificates.
  package func addAdministrator(_ user: String, password: String) async throws(EtcdError) {
    try await addUser(user, password: password)
    try await grant(role: "root", toUser: user)
  }

  /// The same members, as a user with a password. A token ends when it was not used for some minutes at a member, so it
  /// is good for one member or for a short time (etcd, `server/auth/simple_token.go`).
  package func login(_ user: String, password: String) async throws(EtcdError) -> EtcdClient {
    using(token: try await authenticate(user, password: password))
  }

  private func authenticate(_ user: String, password: String) async throws(EtcdError) -> String {
    try await call(
      Auth.authenticate, NameAndPassword(name: user, password: password), operation: "Authenticate \(user)"
    ).token
  }
}
