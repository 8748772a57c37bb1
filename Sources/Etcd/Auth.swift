import Foundation
import Keyspace

private typealias Method = Etcdserverpb_Auth.Method

/// Users, roles and permissions. Each change is one durable entry of etcd's log; there is no transaction over
/// several (etcd, `server/auth/store.go`).
extension EtcdClient {
  package func users() async throws(EtcdError) -> [String] {
    let response: Etcdserverpb_AuthUserListResponse = try await call(
      Method.UserList.descriptor, Etcdserverpb_AuthUserListRequest(), operation: "UserList")
    return response.users
  }

  /// The roles of a user. Any user may ask about itself.
  package func roles(ofUser user: String) async throws(EtcdError) -> [String] {
    let response: Etcdserverpb_AuthUserGetResponse = try await call(
      Method.UserGet.descriptor, Etcdserverpb_AuthUserGetRequest.with { $0.name = user },
      operation: "UserGet \(user)")
    return response.roles
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
    let request = Etcdserverpb_AuthUserAddRequest.with {
      $0.name = user
      $0.password = password ?? ""
      $0.options = .with { $0.noPassword = password == nil }
    }
    let _: Etcdserverpb_AuthUserAddResponse = try await call(
      Method.UserAdd.descriptor, request, operation: "UserAdd \(user)", repeatable: false)
  }

  /// Changes the password of a user that was made with one; a user that was made without stays without, and etcd says
  /// nothing (etcd, `server/auth/store.go`, `UserChangePassword`). The user's tokens end at once.
  package func changePassword(ofUser user: String, to password: String) async throws(EtcdError) {
    try Self.check(password: password, for: "UserChangePassword \(user)")
    let request = Etcdserverpb_AuthUserChangePasswordRequest.with {
      $0.name = user
      $0.password = password
    }
    let _: Etcdserverpb_AuthUserChangePasswordResponse = try await call(
      Method.UserChangePassword.descriptor, request, operation: "UserChangePassword \(user)",
      repeatable: false)
  }

  package func deleteUser(_ user: String) async throws(EtcdError) {
    let _: Etcdserverpb_AuthUserDeleteResponse = try await call(
      Method.UserDelete.descriptor, Etcdserverpb_AuthUserDeleteRequest.with { $0.name = user },
      operation: "UserDelete \(user)", repeatable: false)
  }

  package func grant(role: String, toUser user: String) async throws(EtcdError) {
    let request = Etcdserverpb_AuthUserGrantRoleRequest.with {
      $0.user = user
      $0.role = role
    }
    let _: Etcdserverpb_AuthUserGrantRoleResponse = try await call(
      Method.UserGrantRole.descriptor, request, operation: "UserGrantRole \(user) \(role)", repeatable: false)
  }

  package func revoke(role: String, fromUser user: String) async throws(EtcdError) {
    let request = Etcdserverpb_AuthUserRevokeRoleRequest.with {
      $0.name = user
      $0.role = role
    }
    let _: Etcdserverpb_AuthUserRevokeRoleResponse = try await call(
      Method.UserRevokeRole.descriptor, request, operation: "UserRevokeRole \(user) \(role)",
      repeatable: false)
  }

  package func roles() async throws(EtcdError) -> [String] {
    let response: Etcdserverpb_AuthRoleListResponse = try await call(
      Method.RoleList.descriptor, Etcdserverpb_AuthRoleListRequest(), operation: "RoleList")
    return response.roles
  }

  /// The permissions of a role as etcd stores them, duplicates included. Any user may ask about its own roles.
  package func permissions(ofRole role: String) async throws(EtcdError) -> [Permission] {
    let response: Etcdserverpb_AuthRoleGetResponse = try await call(
      Method.RoleGet.descriptor, Etcdserverpb_AuthRoleGetRequest.with { $0.role = role },
      operation: "RoleGet \(role)")
    return response.perm.map(Permission.init)
  }

  package func addRole(_ role: String) async throws(EtcdError) {
    let _: Etcdserverpb_AuthRoleAddResponse = try await call(
      Method.RoleAdd.descriptor, Etcdserverpb_AuthRoleAddRequest.with { $0.name = role },
      operation: "RoleAdd \(role)", repeatable: false)
  }

  package func deleteRole(_ role: String) async throws(EtcdError) {
    let _: Etcdserverpb_AuthRoleDeleteResponse = try await call(
      Method.RoleDelete.descriptor, Etcdserverpb_AuthRoleDeleteRequest.with { $0.role = role },
      operation: "RoleDelete \(role)", repeatable: false)
  }

  /// Adds a permission. This is no reliable way to change the access of a range that the role already has: etcd may
  /// append a second entry and leave the first in force (etcd pull request 21845). Revoke it first.
  package func grant(_ permission: Permission, toRole role: String) async throws(EtcdError) {
    let request = Etcdserverpb_AuthRoleGrantPermissionRequest.with {
      $0.name = role
      // Always set: a member before 3.4.25 stops for good on a request without it.
      $0.perm = permission.wire
    }
    let _: Etcdserverpb_AuthRoleGrantPermissionResponse = try await call(
      Method.RoleGrantPermission.descriptor, request, operation: "RoleGrantPermission \(role)",
      repeatable: false)
  }

  /// Takes away every entry of the role with this key and range end, whatever its access.
  package func revoke(_ permission: Permission, fromRole role: String) async throws(EtcdError) {
    let request = Etcdserverpb_AuthRoleRevokePermissionRequest.with {
      $0.role = role
      $0.key = Data(permission.key)
      $0.rangeEnd = Data(permission.rangeEnd)
    }
    let _: Etcdserverpb_AuthRoleRevokePermissionResponse = try await call(
      Method.RoleRevokePermission.descriptor, request, operation: "RoleRevokePermission \(role)",
      repeatable: false)
  }
}
