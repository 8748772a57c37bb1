import Etcd
import Keyspace
import Segmentation
import TestSupport

@testable import Reconciliation

extension ClusterState {
  /// Does what etcd does (etcd, `server/auth/store.go`), including how it appends to a role: it looks for the
  /// entry to update at the first one with the same start key.
  mutating func make(_ change: Change) {
    switch change {
    case .addRole(let role): if roles[role] == nil { roles[role] = [] }
    case .deleteRole(let role):
      roles[role] = nil
      for user in users.keys { users[user]?.roles.remove(role) }
    case .grant(let permission, let role), .narrow(let permission, let role):
      guard var entries = roles[role] else { return }
      let first = entries.firstIndex { !$0.key.lexicographicallyPrecedes(permission.key) }
      if let first, entries[first].hasSameRange(as: permission) {
        entries[first] = permission
      } else {
        entries.append(permission)
        entries.sort { $0.key.lexicographicallyPrecedes($1.key) }
      }
      roles[role] = entries
    case .revoke(let permission, let role): roles[role]?.removeAll { $0.hasSameRange(as: permission) }
    case .changePassword(let user): users[user]?.passwordFault = nil
    case .addUser(let user), .addPasswordUser(let user):
      if users[user] == nil { users[user] = .init(roles: []) }
    case .deleteUser(let user): users[user] = nil
    case .link(let user, let role):
      if roles[role] != nil || role == "root" { users[user]?.roles.insert(role) }
    case .unlink(let user, let role): users[user]?.roles.remove(role)
    }
  }

  func permissions(of user: String) -> Permissions {
    let roles = users[user]?.roles ?? []
    return roles.contains("root")
      ? .root : Permissions(roles.flatMap { self.roles[$0] ?? [] }.map(\.grant))
  }
}

extension SeededGenerator {
  mutating func range() -> KeyRange {
    let letters: [Key] = ["a", "b", "c", "d", "e"]
    let lower = letters[Int.random(in: 0..<5, using: &self)]
    switch Int.random(in: 0..<4, using: &self) {
    case 0: return .key(lower)
    case 1: return .prefix(lower)
    case 2: return KeyRange(from: lower, to: chance(20) ? nil : Key([lower.bytes[0] + 2]))
    default: return KeyRange(from: lower, to: Key([lower.bytes[0] + 1]))
    }
  }

  mutating func grants(_ count: ClosedRange<Int>) -> [Grant] {
    (0..<Int.random(in: count, using: &self)).map { _ in
      Grant(range(), [Access.read, .write, .readwrite][Int.random(in: 0..<3, using: &self)])
    }
  }

  /// A few users with a few roles.
  mutating func segmentation() -> Segmentation {
    let roles = ["p", "q", "r"].filter { _ in chance(80) }.map { name in
      Role(name: name, grants: grants(0...4).map { Role.Line($0) })
    }
    let users = ["u", "v", "w", "x"].filter { _ in chance(70) }.map { user in
      Identity(user: user, purpose: .custom, roles: roles.map(\.name).filter { _ in chance(60) })
    }
    return Segmentation(
      cluster: "test", identities: [Identity(user: "root", purpose: .administrator, roles: ["root"])] + users,
      roles: roles)
  }

  /// A manually changed cluster: other roles, other links, duplicate entries, users with an empty password.
  mutating func cluster() -> ClusterState {
    var state = ClusterState(users: ["root": .init(roles: ["root"])], roles: ["root": []])
    for role in ["p", "q", "r", "s"] where chance(60) {
      state.make(.addRole(role))
      for grant in grants(0...5) { state.make(.grant(Permission(grant), toRole: role)) }
    }
    for user in ["u", "v", "w", "y"] where chance(60) {
      state.users[user] = .init(
        roles: Set(state.roles.keys.filter { $0 != "root" && self.chance(50) }.sorted()),
        acceptsEmptyPassword: chance(10))
    }
    return state
  }
}
