import Etcd
import Keyspace

/// One step from what etcd has to what the file wants: exactly one entry of etcd's log.
public enum Change: Hashable, Sendable {
  case addRole(String)
  case grant(Permission, toRole: String)
  case revoke(Permission, fromRole: String)
  case addUser(String)
  case deleteUser(String)
  case link(user: String, role: String)
  case unlink(user: String, role: String)

  /// Whether somebody may lose an access that they have.
  public var takesAway: Bool {
    switch self {
    case .revoke, .deleteUser, .unlink: true
    case .addRole, .grant, .addUser, .link: false
    }
  }

  /// What the step does, in words.
  public var words: String {
    switch self {
    case .addRole(let role): "make the role \(role)"
    case .grant(let permission, let role):
      "let \(role) \(permission.grant.access.verb) \(permission.grant.range)"
    case .revoke(let permission, let role):
      "no longer let \(role) \(permission.grant.access.verb) \(permission.grant.range)"
    case .addUser(let user): "make the user \(user), without a password"
    case .deleteUser(let user): "delete the user \(user)"
    case .link(let user, let role): "give \(user) the role \(role)"
    case .unlink(let user, let role): "take the role \(role) from \(user)"
    }
  }

  /// The `etcdctl` line that does the same, to be pasted into a shell.
  public var etcdctl: String {
    switch self {
    case .addRole(let role): "etcdctl role add \(Shell.word(role))"
    case .grant(let permission, let role):
      "etcdctl role grant-permission \(Shell.word(role)) \(permission.grant.access) \(Shell.range(permission))"
    case .revoke(let permission, let role):
      "etcdctl role revoke-permission \(Shell.word(role)) \(Shell.range(permission))"
    case .addUser(let user): "etcdctl user add \(Shell.word(user)) --no-password"
    case .deleteUser(let user): "etcdctl user delete \(Shell.word(user))"
    case .link(let user, let role): "etcdctl user grant-role \(Shell.word(user)) \(Shell.word(role))"
    case .unlink(let user, let role): "etcdctl user revoke-role \(Shell.word(user)) \(Shell.word(role))"
    }
  }
}

extension Access {
  fileprivate var verb: String {
    switch self {
    case .read: "read"
    case .write: "write"
    default: "read and write"
    }
  }
}

/// Words of a POSIX shell's command line.
private enum Shell {
  static func word(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
      Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber
        || "/._-:@=+".utf8.contains(byte)
    }
    return plain && !text.isEmpty
      ? text
      : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  /// A permission's key and end as etcdctl takes them; bytes that are no text as `$'\xNN'`, which bash reads.
  static func range(_ permission: Permission) -> String {
    let range = permission.grant.range
    if permission.rangeEnd.isEmpty { return bytes(permission.key) }
    if let prefix = range.prefix, KeyRange.prefix(prefix).rangeEnd == permission.rangeEnd {
      return "--prefix=true \(bytes(prefix.bytes))"
    }
    if range.upper == nil { return "--from-key=true \(bytes(permission.key))" }
    return "\(bytes(permission.key)) \(bytes(permission.rangeEnd))"
  }

  private static func bytes(_ bytes: [UInt8]) -> String {
    let isText = bytes.allSatisfy { (0x20..<0x7f).contains($0) }
    return isText
      ? word(String(decoding: bytes, as: UTF8.self))
      : "$'\(Key(bytes).description.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "\\'"))'"
  }
}
