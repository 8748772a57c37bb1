import Etcd
import Segmentation

/// The changes that lead from what etcd has to what the file wants.
///
/// Their order is safe at every step: roles and grants come before the links that need them, what is added comes
/// before what is taken away, and a user that is made gets its role last, so nobody ever has half of what they
/// need. Stopping anywhere and planning again leads to the same end.
public struct Plan: Hashable, Sendable {
  /// In the order in which they are made.
  public let changes: [Change]
  /// What etcd has and the file does not name. It is left alone.
  public let foreignUsers: [String]
  public let foreignRoles: [String]
  /// Changes that would shut out whoever applies them, and so are not made.
  public let withheld: [Change]

  public var isEmpty: Bool { changes.isEmpty }
  public var removals: [Change] { changes.filter(\.takesAway) }

  /// - Parameter applicant: The user whose certificate is in hand. Nothing is taken from it that it needs to go on.
  public init(from state: ClusterState, to desired: DesiredState, applicant: String?) {
    var additions: [Change] = []
    var links: [Change] = []
    var removals: [Change] = []

    for role in desired.roles {
      if state.roles[role.name] == nil { additions.append(.addRole(role.name)) }
      let difference = RoleDifference(
        from: state.roles[role.name] ?? [], to: role.permissions, role: role.name)
      additions += difference.additions
      removals += difference.removals
    }
    for user in desired.users {
      let existing = state.users[user.name]
      // A user that anybody can log in as cannot be mended in place on every release, so it is made anew.
      let isRemade = existing?.acceptsEmptyPassword ?? false
      if isRemade { links.append(.deleteUser(user.name)) }
      if existing == nil || isRemade { links.append(.addUser(user.name)) }
      let has = isRemade ? [] : existing?.roles ?? []
      links += user.roles.filter { !has.contains($0) }.map { .link(user: user.name, role: $0) }
      if user.isExact {
        removals += has.subtracting(user.roles).sorted().map { .unlink(user: user.name, role: $0) }
      } else if isRemade, let existing {
        links += existing.roles.subtracting(user.roles).sorted().map { .link(user: user.name, role: $0) }
      }
    }
    // Left behind by a process that was killed while it turned authentication on.
    removals += state.users.keys.filter { $0.hasPrefix(EnableAuth.wayBackPrefix) }.sorted().map(
      Change.deleteUser)
    let shutsOut: (Change) -> Bool = { change in
      switch change {
      case .unlink(let user, let role): user == applicant && role == Role.root
      // etcd refuses to delete root while authentication is on, and nobody deletes themselves.
      case .deleteUser(let user), .addUser(let user):
        (user == applicant || user == Role.root) && state.users[user] != nil
      default: false
      }
    }
    let all = additions + links + removals
    changes = all.filter { !shutsOut($0) }
    withheld = all.filter(shutsOut)
    foreignUsers = Set(state.users.keys).subtracting(desired.users.map(\.name))
      .filter { !$0.hasPrefix(EnableAuth.wayBackPrefix) }.sorted()
    foreignRoles = Set(state.roles.keys).subtracting(desired.roles.map(\.name))
      .subtracting([Role.root]).sorted()
  }
}

/// What has to change inside one role.
struct RoleDifference {
  private(set) var additions: [Change] = []
  private(set) var removals: [Change] = []

  /// etcd finds the entry to update by the start key alone and then appends if the range end differs, so an entry
  /// can be changed in place only if no other shares its start key (etcd, `server/auth/store.go`,
  /// `RoleGrantPermission`; pull request 21845). Otherwise, and for doubled entries, it is revoked and granted anew.
  init(from existing: [Permission], to wanted: [Permission], role: String) {
    for permission in wanted {
      let same = existing.filter { $0.hasSameRange(as: permission) }
      if same == [permission] { continue }
      guard let first = same.first else {
        additions.append(.grant(permission, toRole: role))
        continue
      }
      let sharesKey = existing.filter { $0.key == permission.key }.count > 1
      let widens = permission.access.isSuperset(of: first.access)
      if sharesKey {
        removals += [.revoke(first, fromRole: role), .grant(permission, toRole: role)]
      } else if widens {
        additions.append(.grant(permission, toRole: role))
      } else {
        removals.append(.grant(permission, toRole: role))
      }
    }
    var revoked: [Permission] = []
    for permission in existing
    where !wanted.contains(where: permission.hasSameRange)
      && !revoked.contains(where: permission.hasSameRange)
    {
      revoked.append(permission)
      removals.append(.revoke(permission, fromRole: role))
    }
  }
}
