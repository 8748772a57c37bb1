import Synchronization

/// Turns authentication on and off, and tests passwords.
extension EtcdClient {
  /// What a login with the empty password shows about a user and about authentication.
  package enum EmptyPasswordLogin: Sendable {
    /// Authentication is off.
    case authNotEnabled
    /// The user has no password and can only be used with its certificate.
    case noPassword
    /// The user has a password that is not empty, or does not exist.
    case refused
    /// Any client that reaches etcd can log in as this user.
    case open
  }

  /// Tries the empty password. This changes nothing, works on each release, and unlike AuthStatus never harms
  /// a member: one AuthStatus call crashes members before 3.4.31 for good (etcd,
  /// `server/etcdserver/apply.go`).
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

  /// Why a user that should log in with a password cannot.
  package enum PasswordFault: Hashable, Sendable {
    /// The user has no password, and cannot be given one.
    case none
    /// The user has another password.
    case another
    /// The empty password is valid: any client that reaches etcd can log in as this user.
    case empty
  }

  /// Tries a user's password while authentication is on. A user has one password: if this one is valid, no
  /// other is, the empty one included. Each attempt costs etcd one bcrypt computation.
  /// - Parameter passwords: One, two during an unfinished change, or none if it is unknown.
  /// - Returns: nil if one of them is valid.
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

  /// Turns authentication on. It does nothing if it is on, so the call may be repeated.
  package func enableAuth() async throws(EtcdError) {
    _ = try await call(Auth.enable, EmptyRequest(), operation: "AuthEnable")
  }

  /// Turns authentication off. It does nothing if it is off.
  package func disableAuth() async throws(EtcdError) {
    _ = try await call(Auth.disable, EmptyRequest(), operation: "AuthDisable")
  }

  /// Creates an administrator with a password, a second way to log in while authentication is turned on: it
  /// works even if etcd ignores certificates.
  package func addAdministrator(_ user: String, password: String) async throws(EtcdError) {
    try await addUser(user, password: password)
    try await grant(role: "root", toUser: user)
  }

  /// A client of the same members that uses a password login. A token expires after some minutes without use
  /// at a member (etcd, `server/auth/simple_token.go`); the client then logs in again.
  package func login(_ user: String, password: String) async throws(EtcdError) -> EtcdClient {
    using(
      LoginSession(user: user, password: password, token: try await authenticate(user, password: password)))
  }

  func authenticate(_ user: String, password: String) async throws(EtcdError) -> String {
    try await call(
      Auth.authenticate, NameAndPassword(name: user, password: password), operation: "Authenticate \(user)"
    ).token
  }
}

/// A password login whose token is replaced when etcd no longer accepts it.
final class LoginSession: Sendable {
  private let user: String
  private let password: String
  private let current: Mutex<String>

  init(user: String, password: String, token: String) {
    self.user = user
    self.password = password
    current = Mutex(token)
  }

  var token: String { current.withLock { $0 } }

  /// Logs in again.
  /// - Parameter etcd: A client without a login.
  func renew(with etcd: EtcdClient) async throws(EtcdError) {
    let token = try await etcd.authenticate(user, password: password)
    current.withLock { $0 = token }
  }
}
