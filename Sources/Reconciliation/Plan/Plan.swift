import Etcd
import Keyspace
import Segmentation

/// The changes that lead from the state in etcd to the state that the file defines.
///
/// The ``Order`` is safe after every step. A plan that was stopped anywhere and computed again leads to the
/// same state.
package struct Plan: Hashable, Sendable {
  /// In the order in which they are made. The changes of a phase may be made in any order or at the same
  /// time, once the phases before are complete.
  package private(set) var phases: [[Change]]
  /// The positions of phases that give back what the phase before took away: see ``Order/completions``.
  package private(set) var completions: Set<Int>
  /// All changes, in the order of the phases.
  package private(set) var changes: [Change]
  /// Changes that are left for a later stage.
  package private(set) var left: Set<Change> = []
  /// Every difference between etcd and the file, those that stay included.
  package let drift: [Drift]
  /// What Bulkhead manages after the plan.
  package let managed: Managed
  /// What etcd has and the file does not name. It stays unchanged.
  package let foreignUsers: [String]
  package let foreignRoles: [String]
  /// Changes that are not made because they would lock out the user that applies them.
  package let withheld: [Change]

  /// Whether etcd already is in the desired state, as far as the plan may change it.
  package var isEmpty: Bool { changes.isEmpty }
  /// Users with the role root that the file neither names nor protects, whatever records of other files list.
  package let foreignAdministrators: [String]
  /// Users that the file does not name and that the plan leaves: those that are not exempt
  /// (``Protection/exempt(in:)``) and that reach its keys (``DesiredState/ownKeys``), administrators among them, and
  /// each that accepts the empty password.
  package let foreignUsersWithAccess: [String]
  /// The differences that stay and that let a client act as an administrator, reach the file's keys, or act as a
  /// user with a password that it should not have: another person has to act on them.
  package var needingAttention: [Drift] {
    let users = Set(foreignUsersWithAccess)
    return drift.filter { drift in
      switch drift.kind {
      case .foreignUser: users.contains(drift.name)
      case .hasPassword: drift.isLeft
      case .passwordOpen: drift.isLeft || withheld.contains(.deleteUser(drift.name))
      default: drift.isLeft && drift.isTakeover
      }
    }
  }
  package var needsAttention: Bool { !foreignUsersWithAccess.isEmpty || !needingAttention.isEmpty }
  /// The changes that remove access; `apply` asks for confirmation of these.
  package var removals: [Change] { changes.filter(\.takesAway) }

  /// - Parameters:
  ///   - applicant: The user whose certificate Bulkhead uses. The plan removes nothing that this user needs
  ///     to continue.
  ///   - management: What may be removed from users and roles that Bulkhead does not manage.
  ///   - managed: The users and roles that Bulkhead manages, from its record.
  ///   - protected: Users and roles from which nothing is taken away.
  package init(
    from state: ClusterState, to desired: DesiredState, applicant: String?,
    management: SegmentationFile.Management = .adopt, managed: Managed = Managed(),
    protecting protected: Managed = Managed()
  ) {
    self.init(
      from: state, to: desired, applicant: applicant, management: management, managed: managed,
      protection: Protection(listed: protected))
  }

  /// - Parameter protection: Users and roles from which nothing is taken away, and whose access counts all the same.
  init(
    from state: ClusterState, to desired: DesiredState, applicant: String?,
    management: SegmentationFile.Management, managed: Managed, protection: Protection
  ) {
    let exempt = protection.exempt(in: state)
    let ownership = Ownership(
      state, desired, management, managed,
      protecting: protection.names(in: state, keeping: Set(desired.roles.map(\.name))), applicant: applicant)
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
        // A user that was created without a password stays without one, whatever etcd returns.
        if fault == .none {
          links += [.deleteUser(user.name), .addPasswordUser(user.name)]
          if !isExact { wanted += has.subtracting(wanted).sorted() }
          has = []
        } else {
          links.append(.changePassword(user.name))
        }
      } else if let existing = state.users[user.name],
        existing.acceptsEmptyPassword
          || (existing.hasPassword && user.login == .certificate && (isExact || user.name == Role.root))
      {
        // Not every release can take a password from a user in place, so the user is recreated.
        let remade: [Change] = [.deleteUser(user.name), .addUser(user.name)]
        // etcd refuses to delete root while authentication is on, and no user can delete itself.
        if user.name == applicant || user.name == Role.root {
          withheld += remade
        } else {
          links += remade
          if !isExact { wanted += has.subtracting(wanted).sorted() }
          has = []
        }
      }
      links += wanted.filter { !has.contains($0) }.map { .link(user: user.name, role: $0) }
      if ownership.losesRoot(user, has: has) { removals.append(.unlink(user: user.name, role: Role.root)) }
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
    // A temporary administrator, left behind by a process that was killed while it turned authentication on.
    removals += state.users.keys.filter(EnableAuth.isWayBack).sorted().map(Change.deleteUser)
    let order = Order(additions + links + removals + ownership.removals, from: state)
    (phases, completions) = (order.phases, order.completions)
    changes = phases.flatMap(\.self)
    self.withheld = withheld + ownership.withheld
    drift = Drift.all(from: state, to: desired, ownership, protection)
    self.managed = ownership.managedAfter
    foreignUsers = ownership.foreignUsers
    foreignAdministrators = ownership.foreignUsers.filter {
      state.users[$0]?.roles.contains(Role.root) == true && exempt[$0] == nil
    }
    foreignUsersWithAccess = ownership.foreignUsers.filter { name in
      state.users[name]?.acceptsEmptyPassword == true
        || exempt[name] == nil
          && state.permissions(ofUser: name).reach(desired.ownKeys)
    }
    foreignRoles = ownership.foreignRoles
  }
}

extension Plan {
  /// The users of kube-apiserver that lose the role root, which they hold until no refused request shows that they need
  /// it: see ``WatchedRemoval``.
  package func demotions(_ desired: DesiredState) -> [Record.LeavingUser] {
    let apiservers = Set(desired.users.filter(\.isAPIServer).map(\.name))
    return changes.compactMap { change in
      guard case .unlink(let user, Role.root) = change, apiservers.contains(user) else { return nil }
      return Record.LeavingUser(name: user, roles: [Role.root], staysAsUser: true)
    }
  }

  /// The same plan with only these changes; the others are left for later.
  func with(_ changes: [Change], from state: ClusterState) -> Plan {
    var plan = self
    let order = Order(changes, from: state)
    (plan.phases, plan.completions) = (order.phases, order.completions)
    plan.changes = plan.phases.flatMap(\.self)
    plan.left = Set(self.changes).subtracting(changes)
    return plan
  }
}

extension Plan {
  /// The part of the plan that only removes access, for an emergency in which nothing can be created: without
  /// removals that are followed by a change that gives back what stays.
  func removing(from state: ClusterState) -> Plan {
    let all = Set(changes)
    return with(
      changes.filter { change in
        switch change {
        case .deleteUser(let user): !all.contains(.addUser(user)) && !all.contains(.addPasswordUser(user))
        case .revoke(let permission, let role):
          !changes.contains {
            if case .grant(let other, role) = $0 { other.hasSameRange(as: permission) } else { false }
          }
        default: change.takesAway
        }
      }, from: state)
  }
}

/// The changes within one role.
struct RoleDifference {
  private(set) var additions: [Change] = []
  private(set) var removals: [Change] = []

  /// etcd finds the entry to update by the start key alone and then appends if the range end differs, so an
  /// entry can be changed in place only if no other entry has its start key (etcd, `server/auth/store.go`,
  /// `RoleGrantPermission`; pull request 21845). Otherwise, and for duplicate entries, it is revoked and
  /// granted again.
  /// - Parameter isExact: False for a role that Bulkhead does not manage; nothing is removed from it then.
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
      // Permissions in the file count too: they may be granted before this one.
      let sharesKey = (existing + wanted).contains {
        $0.key == permission.key && !$0.hasSameRange(as: permission)
      }
      if sharesKey || same.count > 1 {
        removals += [.revoke(first, fromRole: role), .grant(permission, toRole: role)]
      } else if permission.access.isSuperset(of: first.access) {
        additions.append(.grant(permission, toRole: role))
      } else {
        // From read to write or back: both accesses in between, so that no holder loses access that it keeps
        // through another role.
        if !first.access.isSuperset(of: permission.access) {
          additions.append(.grant(Permission(Grant(permission.grant.range, .readwrite)), toRole: role))
        }
        removals.append(.narrow(permission, inRole: role))
      }
    }
    guard isExact else { return }
    // One revocation removes every entry of its range.
    for (index, permission) in existing.enumerated()
    where !(wanted + existing[..<index]).contains(where: permission.hasSameRange) {
      removals.append(.revoke(permission, fromRole: role))
    }
  }
}
