import Etcd
import Keyspace
import Segmentation

/// The changes that lead from what etcd has to what the file wants.
///
/// Their ``Order`` is safe at every step. Stopping anywhere and planning again leads to the same end.
package struct Plan: Hashable, Sendable {
  /// In the order in which they are made: those of a phase in any order or at the same time, when the phases before
  /// are complete.
  package private(set) var phases: [[Change]]
  package private(set) var changes: [Change]
  /// What is left for a later stage.
  package private(set) var left: Set<Change> = []
  /// Every difference between etcd and the file, those that are left alone included.
  package let drift: [Drift]
  /// What Bulkhead manages once the plan is carried out.
  package let managed: Managed
  /// What etcd has and the file does not name. It is left alone.
  package let foreignUsers: [String]
  package let foreignRoles: [String]
  /// Changes that would shut out whoever applies them, and so are not made.
  package let withheld: [Change]

  package var isEmpty: Bool { changes.isEmpty }
  package var removals: [Change] { changes.filter(\.takesAway) }

  /// - Parameters:
  ///   - applicant: The user whose certificate is in hand. Nothing is taken from it that it needs to go on.
  ///   - management: What may be taken from users and roles that are not Bulkhead's.
  ///   - managed: Those that are Bulkhead's, from its record.
  package init(
    from state: ClusterState, to desired: DesiredState, applicant: String?,
    management: SegmentationFile.Management = .adopt, managed: Managed = Managed()
  ) {
    let ownership = Ownership(state, desired, management, managed, applicant: applicant)
    var additions: [Change] = []
    var links: [Change] = []
    var removals: [Change] = []
    var withheld: [Change] = []

    for role in desired.roles {
      if state.roles[role.name] == nil { additions.append(.addRole(role.name)) }
      let difference = RoleDifference(
        from: state.roles[role.name] ?? [], to: role.permissions, role: role.name,
        isExact: ownership.isOwn(role: role.name))
      additions += difference.additions
      removals += difference.removals
    }
    for user in desired.users {
      let isExact = user.isExact && ownership.isOwn(user: user.name)
      var wanted = user.roles
      var has = state.users[user.name]?.roles ?? []
      if state.users[user.name] == nil {
        links.append(user.login == .password ? .addPasswordUser(user.name) : .addUser(user.name))
      } else if let fault = state.users[user.name]?.passwordFault {
        // A user that was made without a password stays without, whatever etcd answers.
        if fault == .none {
          links += [.deleteUser(user.name), .addPasswordUser(user.name)]
          if !isExact { wanted += has.subtracting(wanted).sorted() }
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
          if !isExact { wanted += has.subtracting(wanted).sorted() }
          has = []
        }
      }
      links += wanted.filter { !has.contains($0) }.map { .link(user: user.name, role: $0) }
      guard isExact else { continue }
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
    removals += state.users.keys.filter(EnableAuth.isWayBack).sorted().map(Change.deleteUser)
    phases = Order(additions + links + removals + ownership.removals, from: state).phases
    changes = phases.flatMap(\.self)
    self.withheld = withheld + ownership.withheld
    drift = Drift.all(from: state, to: desired, ownership)
    self.managed = ownership.managedAfter
    foreignUsers = ownership.foreignUsers
    foreignRoles = ownership.foreignRoles
  }
}

extension Plan {
  /// The same plan with other changes, and the rest left for later.
  func with(_ changes: [Change], from state: ClusterState) -> Plan {
    var plan = self
    plan.phases = Order(changes, from: state).phases
    plan.changes = plan.phases.flatMap(\.self)
    plan.left = Set(self.changes).subtracting(changes)
    return plan
  }
}

/// What has to change inside one role.
struct RoleDifference {
  private(set) var additions: [Change] = []
  private(set) var removals: [Change] = []

  /// etcd finds the entry to update by the start key alone and then appends if the range end differs, so an entry
  /// can be changed in place only if no other shares its start key (etcd, `server/auth/store.go`,
  /// `RoleGrantPermission`; pull request 21845). Otherwise, and for doubled entries, it is revoked and granted anew.
  /// - Parameter isExact: False for a role of somebody else's, from which nothing is taken.
  init(from existing: [Permission], to wanted: [Permission], role: String, isExact: Bool = true) {
    for permission in wanted {
      let same = existing.filter { $0.hasSameRange(as: permission) }
      if same == [permission] { continue }
      let found = same.reduce(into: Access()) { $0.formUnion($1.access) }
      if !isExact, found.isSuperset(of: permission.access) { continue }
      let permission = isExact ? permission : permission.allowing(found)
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
        // From reading to writing or back: both for a while, so that whoever has the other elsewhere misses nothing.
        if !first.access.isSuperset(of: permission.access) {
          additions.append(.grant(Permission(Grant(permission.grant.range, .readwrite)), toRole: role))
        }
        removals.append(.narrow(permission, inRole: role))
      }
    }
    guard isExact else { return }
    // One revocation takes every entry of its range.
    for (index, permission) in existing.enumerated()
    where !(wanted + existing[..<index]).contains(where: permission.hasSameRange) {
      removals.append(.revoke(permission, fromRole: role))
    }
  }
}
