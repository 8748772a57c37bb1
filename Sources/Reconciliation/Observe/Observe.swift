import Etcd

extension ClusterState {
  /// Reads the users and roles of a cluster.
  ///
  /// etcd has no bulk read: this makes one call per user and role, several at a time. Whether a user accepts
  /// the empty password can be tried only while authentication is on; it is tried only for `managed` users.
  /// - Parameters:
  ///   - passwords: For each user that is to log in with a password, the passwords that may be the right one.
  ///   - authEnabled: Whether authentication is on, if that is known.
  package static func observe(
    _ etcd: EtcdClient, managed: Set<String>, passwords: [String: [String]] = [:],
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
        return User(roles: roles, acceptsEmptyPassword: fault == .empty, passwordFault: fault)
      }
      let isOpen =
        authEnabled && managed.contains(user) ? try await etcd.tryEmptyPassword(ofUser: user) == .open : false
      return User(roles: roles, acceptsEmptyPassword: isOpen)
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
