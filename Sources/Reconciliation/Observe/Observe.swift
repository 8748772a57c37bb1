import Etcd

extension ClusterState {
  /// Reads the users and roles of a cluster.
  ///
  /// etcd has no bulk read: one call for each user and role, some of them at a time. Whether a user accepts the empty
  /// password can only be tried while authentication is on, and only for `managed` users is it tried.
  /// - Parameter passwords: Of the users that are to log in with one: each that may be the right one.
  package static func observe(
    _ etcd: EtcdClient, managed: Set<String>, passwords: [String: [String]] = [:],
    progress: @Sendable (String) -> Void = { _ in }
  ) async throws(EtcdError) -> ClusterState {
    var state = ClusterState(authEnabled: try await etcd.isAuthEnabled())
    let users = try await etcd.users()
    let roles = try await etcd.roles()
    progress("reading \(users.count) users and \(roles.count) roles")
    let authEnabled = state.authEnabled
    state.users = try await concurrently(users) { user async throws(EtcdError) in
      let roles = Set(try await etcd.roles(ofUser: user))
      if authEnabled, let passwords = passwords[user] {
        let fault = try await etcd.passwordFault(ofUser: user, passwords: passwords)
        return User(roles: roles, acceptsEmptyPassword: fault == .empty, passwordFault: fault)
      }
      let isOpen =
        authEnabled && managed.contains(user) ? try await etcd.tryEmptyPassword(ofUser: user) == .open : false
      return User(roles: roles, acceptsEmptyPassword: isOpen)
    }
    // The role root may do everything whatever its permissions say, and newer members make some up.
    state.roles = try await concurrently(roles) { role async throws(EtcdError) in
      role == "root" ? [] : try await etcd.permissions(ofRole: role)
    }
    return state
  }
}
