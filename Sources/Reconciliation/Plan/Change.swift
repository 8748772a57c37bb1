import Etcd
import Keyspace

/// One step from the state in etcd to the state that the file defines: exactly one entry of etcd's log.
package enum Change: Hashable, Sendable {
  case addRole(String)
  /// Also takes the role from every user that has it.
  case deleteRole(String)
  case grant(Permission, toRole: String)
  /// Reduces the access to a range that the role has; the same call to etcd as a grant.
  case narrow(Permission, inRole: String)
  case revoke(Permission, fromRole: String)
  case addUser(String)
  /// A user that logs in with a password, which the caller that makes the change supplies.
  case addPasswordUser(String)
  case changePassword(String)
  case deleteUser(String)
  case link(user: String, role: String)
  case unlink(user: String, role: String)

  /// Whether someone may lose access that they have.
  package var takesAway: Bool {
    switch self {
    case .narrow, .revoke, .deleteRole, .deleteUser, .unlink: true
    case .addRole, .grant, .addUser, .addPasswordUser, .changePassword, .link: false
    }
  }

  /// Describes the change for people.
  package var words: String {
    switch self {
    case .addRole(let role): "make the role \(role)"
    case .deleteRole(let role): "delete the role \(role)"
    case .grant(let permission, let role):
      "let \(role) \(permission.grant.access.verb) \(permission.grant.range)"
    case .narrow(let permission, let role):
      "let \(role) only \(permission.grant.access.verb) \(permission.grant.range)"
    case .revoke(let permission, let role):
      "no longer let \(role) \(permission.grant.access.verb) \(permission.grant.range)"
    case .addUser(let user): "make the user \(user), without a password"
    case .addPasswordUser(let user): "make the user \(user), with the password in its file"
    case .changePassword(let user): "change the password of \(user) to that in its file"
    case .deleteUser(let user): "delete the user \(user)"
    case .link(let user, let role): "give \(user) the role \(role)"
    case .unlink(let user, let role): "take the role \(role) from \(user)"
    }
  }

  /// The `etcdctl` line that makes the same change, ready to paste into bash. A line that sets a password
  /// reads it from the user's password file in the current folder, because a password must not appear on a
  /// command line.
  package var etcdctl: String {
    switch self {
    case .addRole(let role): EtcdctlCommand.line(["role", "add"], [role])
    case .deleteRole(let role): EtcdctlCommand.line(["role", "delete"], [role])
    case .grant(let permission, let role), .narrow(let permission, let role):
      EtcdctlCommand.line(["role", "grant-permission"], [role, "\(permission.grant.access)"], permission)
    case .revoke(let permission, let role):
      EtcdctlCommand.line(["role", "revoke-permission"], [role], permission)
    case .addUser(let user): EtcdctlCommand.line(["user", "add"], [user], flags: ["--no-password"])
    case .addPasswordUser(let user): EtcdctlCommand.line(["user", "add"], [user], password: user)
    case .changePassword(let user): EtcdctlCommand.line(["user", "passwd"], [user], password: user)
    case .deleteUser(let user): EtcdctlCommand.line(["user", "delete"], [user])
    case .link(let user, let role): EtcdctlCommand.line(["user", "grant-role"], [user, role])
    case .unlink(let user, let role): EtcdctlCommand.line(["user", "revoke-role"], [user, role])
    }
  }
}

extension Access {
  var verb: String {
    switch self {
    case .read: "read"
    case .write: "write"
    default: "read and write"
    }
  }
}
