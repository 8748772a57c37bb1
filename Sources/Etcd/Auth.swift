import Keyspace

/// Users, roles and permissions. Each change is one durable entry in etcd's log; no transaction covers
/// several changes (etcd, `server/auth/store.go`).
extension EtcdClient {
  package func users() async throws(EtcdError) -> [String] {
    try await call(Auth.userList, EmptyRequest(), operation: "UserList").names
  }

  /// The roles of a user. Each user may read its own.
  package func roles(ofUser user: String) async throws(EtcdError) -> [String] {
    try await call(Auth.userGet, NameRequest(name: user), operation: "UserGet \(user)").names
  }

  /// Creates a user without a password, which can only be used with its certificate.
  ///
  /// `no_password` is always set: with an empty password any client could log in as this user.
  /// - Throws: ``EtcdError``. Nothing is sent if `user` has more than 128 bytes: names over 32 KiB crash
  ///   etcd, and again at each start.
  package func addUser(_ user: String) async throws(EtcdError) {
    try await addUser(user, password: nil)
  }

  /// Creates a user that logs in with a password.
  /// - Throws: as ``addUser(_:)``. Nothing is sent for an empty password, with which any client could log in,
  ///   or one of more than 72 bytes, which bcrypt refuses.
  package func addUser(_ user: String, withPassword password: String) async throws(EtcdError) {
    try Self.check(password: password, for: "UserAdd \(user)")
    try await addUser(user, password: password)
  }

  private static func check(password: String, for operation: String) throws(EtcdError) {
    guard (1...72).contains(password.utf8.count) else {
      throw EtcdError(
        code: .invalidArgument, operation: operation, endpoint: "-",
        message: "a password of \(password.utf8.count) bytes is not sent to etcd, it must have 1 to 72")
    }
  }

  func addUser(_ user: String, password: String?) async throws(EtcdError) {
    guard (1...128).contains(user.utf8.count) else {
      throw EtcdError(
        code: .invalidArgument, operation: "UserAdd", endpoint: "-",
        message: "a user name of \(user.utf8.count) bytes is not sent to etcd, it must have 1 to 128")
    }
    let request = UserAddRequest(name: user, password: password ?? "", noPassword: password == nil)
    _ = try await call(Auth.userAdd, request, operation: "UserAdd \(user)", repeatable: false)
  }

  /// Changes the password of a user that has one. A user without a password stays without, and etcd reports
  /// no error (etcd, `server/auth/store.go`, `UserChangePassword`). The user's tokens become invalid at once.
  package func changePassword(ofUser user: String, to password: String) async throws(EtcdError) {
    try Self.check(password: password, for: "UserChangePassword \(user)")
    _ = try await call(
      Auth.userChangePassword, NameAndPassword(name: user, password: password),
      operation: "UserChangePassword \(user)", repeatable: false)
  }

  package func deleteUser(_ user: String) async throws(EtcdError) {
    _ = try await call(
      Auth.userDelete, NameRequest(name: user), operation: "UserDelete \(user)", repeatable: false)
  }

  package func grant(role: String, toUser user: String) async throws(EtcdError) {
    _ = try await call(
      Auth.userGrantRole, UserAndRole(user: user, role: role), operation: "UserGrantRole \(user) \(role)",
      repeatable: false)
  }

  package func revoke(role: String, fromUser user: String) async throws(EtcdError) {
    _ = try await call(
      Auth.userRevokeRole, UserAndRole(user: user, role: role), operation: "UserRevokeRole \(user) \(role)",
      repeatable: false)
  }

  package func roles() async throws(EtcdError) -> [String] {
    try await call(Auth.roleList, EmptyRequest(), operation: "RoleList").names
  }

  /// The permissions of a role as etcd stores them, duplicates included. Each user may read its own roles.
  package func permissions(ofRole role: String) async throws(EtcdError) -> [Permission] {
    try await call(Auth.roleGet, NameRequest(name: role), operation: "RoleGet \(role)")
      .permissions.map(Permission.init)
  }

  package func addRole(_ role: String) async throws(EtcdError) {
    _ = try await call(
      Auth.roleAdd, NameRequest(name: role), operation: "RoleAdd \(role)", repeatable: false)
  }

  package func deleteRole(_ role: String) async throws(EtcdError) {
    _ = try await call(
      Auth.roleDelete, NameRequest(name: role), operation: "RoleDelete \(role)", repeatable: false)
  }

  /// Adds a permission. It cannot reliably change the access of a range that the role already has: etcd may
  /// append a second entry and keep the first in force (etcd pull request 21845). Revoke the first one
  /// before.
  package func grant(_ permission: Permission, toRole role: String) async throws(EtcdError) {
    _ = try await call(
      Auth.roleGrantPermission, RoleGrantPermissionRequest(name: role, permission: permission.wire),
      operation: "RoleGrantPermission \(role)", repeatable: false)
  }

  /// Removes each entry of the role with this key and range end, with any access.
  package func revoke(_ permission: Permission, fromRole role: String) async throws(EtcdError) {
    let request = RoleRevokePermissionRequest(
      role: role, key: permission.key, rangeEnd: permission.rangeEnd)
    _ = try await call(
      Auth.roleRevokePermission, request, operation: "RoleRevokePermission \(role)", repeatable: false)
  }
}
