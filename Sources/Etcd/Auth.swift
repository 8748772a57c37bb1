import Keyspace

/// Users, roles and permissions. Each change is one durable entry of etcd's log; there is no transaction over
/// several (etcd, `server/auth/store.go`).
extension EtcdClient {
  package func users() async throws(EtcdError) -> [String] {
    try await call(Auth.userList, EmptyRequest(), operation: "UserList").names
  }

  /// The roles of a user. Any user may ask about itself.
  package func roles(ofUser user: String) async throws(EtcdError) -> [String] {
    try await call(Auth.userGet, NameRequest(name: user), operation: "UserGet \(user)").names
  }

  /// Makes a user that has no password and so can only be itself by its certificate.
  ///
  /// Never without `no_password`: an empty password would let any client log in as this user and act as it.
  /// - Throws: ``EtcdError``, with nothing sent if `user` has more than 128 bytes: etcd stops for good on names over
  ///   32 KiB, at every start.
  package func addUser(_ user: String) async throws(EtcdError) {
    try await addUser(user, password: nil)
  }

  /// Makes a user that logs in with a password.
  /// - Throws: as ``addUser(_:)``, and with nothing sent for a password that is empty, with which anybody could log in,
  ///   or of more than 72 bytes, which bcrypt does not take.
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

  /// Changes the password of a user that was made with one; a user that was made without stays without, and etcd says
  /// nothing (etcd, `server/auth/store.go`, `UserChangePassword`). The user's tokens end at once.
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

  /// The permissions of a role as etcd stores them, duplicates included. Any user may ask about its own roles.
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

  /// Adds a permission. This is no reliable way to change the access of a range that the role already has: etcd may
  /// append a second entry and leave the first in force (etcd pull request 21845). Revoke it first.
  package func grant(_ permission: Permission, toRole role: String) async throws(EtcdError) {
    _ = try await call(
      Auth.roleGrantPermission, RoleGrantPermissionRequest(name: role, permission: permission.wire),
      operation: "RoleGrantPermission \(role)", repeatable: false)
  }

  /// Takes away every entry of the role with this key and range end, whatever its access.
  package func revoke(_ permission: Permission, fromRole role: String) async throws(EtcdError) {
    let request = RoleRevokePermissionRequest(
      role: role, key: permission.key, rangeEnd: permission.rangeEnd)
    _ = try await call(
      Auth.roleRevokePermission, request, operation: "RoleRevokePermission \(role)", repeatable: false)
  }
}
