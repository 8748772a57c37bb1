import Etcd

extension ClusterState {
  /// Reads the users and roles of a cluster.
  ///
  /// etcd has no bulk read: this makes one call per user and role, several at a time. While authentication is
  /// on, the empty password is tried for each user, which shows whether the user has a password. A member
  /// writes one line to its log for each such attempt (etcd, `server/auth/store.go`, `CheckPassword`).
  /// - Parameters:
  ///   - passwords: For each user that is to log in with a password, the passwords that may be the right one.
  ///   - authEnabled: Whether authentication is on, if that is known.
  ///   - tryingPasswords: False to try no password, for a question that passwords do not concern.
  package static func observe(
    _ etcd: EtcdClient, passwords: [String: [String]] = [:], tryingPasswords: Bool = true,
    authEnabled: Bool? = nil, progress: @Sendable (String) -> Void = { _ in }
  ) async throws(EtcdError) -> ClusterState {
    var isOn = authEnabled
    if isOn == nil { isOn = try await etcd.isAuthEnabled() }
    var state = ClusterState(authEnabled: isOn ?? false)
    let users = try await etcd.users()
    let roles = try await etcd.roles()
    progress("reading \(users.count) users and \(roles.count) roles")
    let authEnabled = state.authEnabled
    // A user or role that is deleted between the list and this call does not exist.
    let found = try await concurrently(users) { user async throws(EtcdError) -> User? in
      let roles: Set<String>
      do throws(EtcdError) {
        roles = Set(try await etcd.roles(ofUser: user))
      } catch {
        guard error.code == .notFound else { throw error }
        return nil
      }
      if authEnabled, let passwords = passwords[user] {
        let fault = try await etcd.passwordFault(ofUser: user, passwords: passwords)
        return User(
          roles: roles, acceptsEmptyPassword: fault == .empty, hasPassword: fault == nil || fault == .another,
          passwordFault: fault)
      }
      guard authEnabled, tryingPasswords else { return User(roles: roles) }
      let login = try await etcd.tryEmptyPassword(ofUser: user)
      return User(roles: roles, acceptsEmptyPassword: login == .open, hasPassword: login == .refused)
    }
    state.users = found.compactMapValues(\.self)
    // The role root may do everything whatever its permissions are, and newer members return permissions that
    // are not stored.
    let permissions = try await concurrently(roles) { role async throws(EtcdError) -> [Permission]? in
      guard role != "root" else { return [] }
      do throws(EtcdError) {
        return try await etcd.permissions(ofRole: role)
      } catch {
        guard error.code == .notFound else { throw error }
        return nil
      }
    }
    state.roles = permissions.compactMapValues(\.self)
    return state
  }
}
