import Protobuf

/// Users, roles and logins (etcd, `api/etcdserverpb/rpc.proto`, service `Auth`).
enum Auth {
  static let enable = Method<EmptyRequest, HeaderOnly>(path: "/etcdserverpb.Auth/AuthEnable")
  static let disable = Method<EmptyRequest, HeaderOnly>(path: "/etcdserverpb.Auth/AuthDisable")
  /// See ``AuthStatusLeave``.
  static let status = Method<EmptyRequest, AuthStatusResponse>(path: "/etcdserverpb.Auth/AuthStatus")
  static let authenticate = Method<NameAndPassword, AuthenticateResponse>(
    path: "/etcdserverpb.Auth/Authenticate")

  static let userAdd = Method<UserAddRequest, HeaderOnly>(path: "/etcdserverpb.Auth/UserAdd")
  static let userGet = Method<NameRequest, NamesResponse>(path: "/etcdserverpb.Auth/UserGet")
  static let userList = Method<EmptyRequest, NamesResponse>(path: "/etcdserverpb.Auth/UserList")
  static let userDelete = Method<NameRequest, HeaderOnly>(path: "/etcdserverpb.Auth/UserDelete")
  static let userChangePassword = Method<NameAndPassword, HeaderOnly>(
    path: "/etcdserverpb.Auth/UserChangePassword")
  static let userGrantRole = Method<UserAndRole, HeaderOnly>(path: "/etcdserverpb.Auth/UserGrantRole")
  static let userRevokeRole = Method<UserAndRole, HeaderOnly>(path: "/etcdserverpb.Auth/UserRevokeRole")

  static let roleAdd = Method<NameRequest, HeaderOnly>(path: "/etcdserverpb.Auth/RoleAdd")
  static let roleGet = Method<NameRequest, RoleGetResponse>(path: "/etcdserverpb.Auth/RoleGet")
  static let roleList = Method<EmptyRequest, NamesResponse>(path: "/etcdserverpb.Auth/RoleList")
  static let roleDelete = Method<NameRequest, HeaderOnly>(path: "/etcdserverpb.Auth/RoleDelete")
  static let roleGrantPermission = Method<RoleGrantPermissionRequest, HeaderOnly>(
    path: "/etcdserverpb.Auth/RoleGrantPermission")
  static let roleRevokePermission = Method<RoleRevokePermissionRequest, HeaderOnly>(
    path: "/etcdserverpb.Auth/RoleRevokePermission")
}

/// `Permission` (etcd, `api/authpb/auth.proto`).
struct PermissionMessage: ProtobufReadable, ProtobufWritable {
  /// `Permission.Type`, and values that later releases may add.
  struct Kind: RawRepresentable, Hashable, Sendable {
    let rawValue: Int32
    static let read = Kind(rawValue: 0)
    static let write = Kind(rawValue: 1)
    static let readwrite = Kind(rawValue: 2)
  }

  var kind = Kind.read
  var key: [UInt8] = []
  var rangeEnd: [UInt8] = []

  func write(to writer: inout ProtobufWriter) {
    writer.int64(1, Int64(kind.rawValue))
    writer.bytes(2, key)
    writer.bytes(3, rangeEnd)
  }

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    case 1: kind = Kind(rawValue: try reader.int32())
    case 2: key = try reader.bytes()
    case 3: rangeEnd = try reader.bytes()
    default: break
    }
  }
}

struct AuthStatusResponse: ProtobufReadable {
  var enabled = false
  var authRevision: UInt64 = 0

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    // 1: header
    case 2: enabled = try reader.bool()
    case 3: authRevision = try reader.uint64()
    default: break
    }
  }
}

/// `AuthenticateRequest` and `AuthUserChangePasswordRequest`.
struct NameAndPassword: ProtobufWritable {
  var name: String
  var password: String

  func write(to writer: inout ProtobufWriter) {
    writer.string(1, name)
    writer.string(2, password)
  }
}

struct AuthenticateResponse: ProtobufReadable {
  var token = ""

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    // 1: header
    if field == 2 { token = try reader.string() }
  }
}

/// `AuthUserAddRequest`.
struct UserAddRequest: ProtobufWritable {
  var name: String
  var password: String
  /// In `UserAddOptions`, which is always sent.
  var noPassword: Bool

  func write(to writer: inout ProtobufWriter) {
    writer.string(1, name)
    writer.string(2, password)
    writer.message(3, Options(noPassword: noPassword))
  }

  private struct Options: ProtobufWritable {
    let noPassword: Bool
    func write(to writer: inout ProtobufWriter) { writer.bool(1, noPassword) }
  }
}

/// `AuthUserGetRequest`, `AuthUserDeleteRequest`, `AuthRoleAddRequest`, `AuthRoleGetRequest` and
/// `AuthRoleDeleteRequest`: a user's or a role's name.
struct NameRequest: ProtobufWritable {
  var name: String

  func write(to writer: inout ProtobufWriter) { writer.string(1, name) }
}

/// `AuthUserGetResponse` and `AuthRoleListResponse` with roles, `AuthUserListResponse` with users.
struct NamesResponse: ProtobufReadable {
  var names: [String] = []

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    // 1: header
    if field == 2 { names.append(try reader.string()) }
  }
}

/// `AuthUserGrantRoleRequest` and `AuthUserRevokeRoleRequest`.
struct UserAndRole: ProtobufWritable {
  var user: String
  var role: String

  func write(to writer: inout ProtobufWriter) {
    writer.string(1, user)
    writer.string(2, role)
  }
}

/// `AuthRoleGetResponse`.
struct RoleGetResponse: ProtobufReadable {
  var permissions: [PermissionMessage] = []

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    // 1: header
    if field == 2 { permissions.append(try reader.message()) }
  }
}

/// `AuthRoleGrantPermissionRequest`.
struct RoleGrantPermissionRequest: ProtobufWritable {
  var name: String
  /// Always sent: a request without it crashes a member before 3.4.25 for good.
  var permission: PermissionMessage

  func write(to writer: inout ProtobufWriter) {
    writer.string(1, name)
    writer.message(2, permission)
  }
}

/// `AuthRoleRevokePermissionRequest`.
struct RoleRevokePermissionRequest: ProtobufWritable {
  var role: String
  var key: [UInt8]
  var rangeEnd: [UInt8]

  func write(to writer: inout ProtobufWriter) {
    writer.string(1, role)
    writer.bytes(2, key)
    writer.bytes(3, rangeEnd)
  }
}
