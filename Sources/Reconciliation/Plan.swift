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
    var withheld: [Change] = []

    for role in desired.roles {
      if state.roles[role.name] == nil { additions.append(.addRole(role.name)) }
      let difference = RoleDifference(
        from: state.roles[role.name] ?? [], to: role.permissions, role: role.name)
      additions += difference.additions
      removals += difference.removals
    }
    for user in desired.users {
      var wanted = user.roles
      var has = state.users[user.name]?.roles ?? []
      if state.users[user.name] == nil {
        links.append(user.login == .password ? .addPasswordUser(user.name) : .addUser(user.name))
      } else if let fault = state.users[user.name]?.passwordFault {
        // A user that was made without a password stays without, whatever etcd answers.
        if fault == .none {
          links += [.deleteUser(user.name), .addPasswordUser(user.name)]
          has = []
        } else {
          links.append(.changePassword(user.name))
        }
      } else if state.users[user.name]?.acceptsEmptyPassword == true {
        // A user that anybody can log in as cannot be mended in place on every release, so it is made anew.
        let remade: [Change] = [.deleteUser(user.name), .addUser(user.name)]
        // etcd refuses to delete root while authentication is on, and nobody deletes themselves.
        if user.name == applicant || user.name == Role.root {
          withheld += remade
        } else {
          links += remade
          if !user.isExact { wanted += has.subtracting(wanted).sorted() }
          has = []
        }
      }
      links += wanted.filter { !has.contains($0) }.map { .link(user: user.name, role: $0) }
      guard user.isExact else { continue }
      for role in has.subtracting(wanted).sorted() {
        let unlink = Change.unlink(user: user.name, role: role)
        if user.name == applicant, role == Role.root {
          withheld.append(unlink)
        } else {
          removals.append(unlink)
        }
      }
    }
    // Left behind by a process that was killed while it turned authentication on.
    removals += state.users.keys.filter { $0.hasPrefix(EnableAuth.wayBackPrefix) }.sorted().map(
      Change.deleteUser)
    changes = additions + links + removals
    self.withheld = withheld
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
      // Those that are wanted count too: they may be granted before.
      let sharesKey = (existing + wanted).contains {
        $0.key == permission.key && !$0.hasSameRange(as: permission)
      }
      if sharesKey || same.count > 1 {
        removals += [.revoke(first, fromRole: role), .grant(permission, toRole: role)]
      } else if permission.access.isSuperset(of: first.access) {
        additions.append(.grant(permission, toRole: role))
      } else {
        removals.append(.narrow(permission, inRole: role))
      }
    }
    // One revocation takes every entry of its range.
    for (index, permission) in existing.enumerated()
    where !(wanted + existing[..<index]).contains(where: permission.hasSameRange) {
      removals.append(.revoke(permission, fromRole: role))
    }
  }
}
