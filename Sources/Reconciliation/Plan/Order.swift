import Etcd
import Keyspace
import Segmentation

/// Changes in the order in which they are made: safe after every step, and the cheapest order that is safe.
///
/// Safe: a user that has some access before and after the plan has it at every moment between. Additions come
/// before removals; an existing user gets a role when the role is complete, and loses a role as a whole. Only
/// what etcd cannot change in place is removed and created again: see ``RoleDifference`` and ``Plan``.
///
/// Cheap: since 3.4.20 and 3.5.5 etcd recomputes the permissions of all users after every change except the
/// creation of a role (etcd, `server/auth/range_perm_cache.go`), in time proportional to the users and to the
/// permissions they hold. So roles are filled while no user has them, except roles that more new users share
/// than they have grants: these are linked while they are empty and filled last. Users are created before
/// they have any role.
struct Order {
  /// The changes of one phase do not depend on each other and may be made at the same time. Once the phases
  /// before are complete, any subset of a phase leaves a safe state.
  private(set) var phases: [[Change]] = []
  /// The positions of phases that give back what the phase before took away. They are made whatever happens
  /// after the phase before has begun, an interruption included.
  private(set) var completions: Set<Int> = []

  /// Batch size: this many users are created and linked before the next batch. A link costs more the more
  /// users exist.
  static let usersAtATime = 256

  /// - Parameters:
  ///   - changes: In any order. Changes that another change implies are left out: a user that is deleted is
  ///     not unlinked first.
  ///   - state: The users and roles in the cluster before the changes.
  init(_ changes: [Change], from state: ClusterState) {
    let work = Work(changes)
    let sharing = Sharing(work, state)

    append(work.roles.map(Change.addRole))
    append(
      work.grants.filter { !sharing.isFilledLast($0.role) }
        .sorted { sharing.holders($0.role) < sharing.holders($1.role) }.map(Change.grant))
    let early = Dictionary(grouping: work.links.filter(sharing.isLinkedEarly), by: \.user)
    for users in early.isEmpty ? [work.users[...]] : work.users.chunks(of: Self.usersAtATime) {
      append(users.map { work.making[$0] ?? .addUser($0) })
      append(users.flatMap { early[$0] ?? [] }.map(Change.link))
    }
    append(
      work.links.filter { !sharing.isLinkedEarly($0) }
        .sorted { sharing.size($0.role) < sharing.size($1.role) }.map(Change.link))
    append(
      work.grants.filter { sharing.isFilledLast($0.role) }
        .sorted { sharing.holders($0.role) < sharing.holders($1.role) }.map(Change.grant))
    append(work.passwords)

    // The phases below remove access. A recreated user has no access for three calls, a changed range for
    // two.
    for user in work.remadeUsers {
      append([.deleteUser(user)])
      append([work.making[user] ?? .addUser(user)], completes: true)
      append(work.remadeLinks.filter { $0.user == user }.map(Change.link), completes: true)
    }
    for (revocation, grant) in work.regrants {
      append([revocation])
      append([grant], completes: true)
    }
    append(work.deletedUsers.map(Change.deleteUser) + work.unlinks)
    append(work.reductions)
    append(work.deletedRoles.map(Change.deleteRole))
  }

  private mutating func append(_ phase: [Change], completes: Bool = false) {
    guard !phase.isEmpty else { return }
    if completes { completions.insert(phases.count) }
    phases.append(phase)
  }
}

/// The changes by kind, without those that other changes imply.
private struct Work {
  struct Grant {
    let permission: Permission
    let role: String
  }
  struct Link {
    let user: String
    let role: String
  }

  var roles: [String] = []
  var grants: [Grant] = []
  var users: [String] = []
  /// The change that creates each user, recreated ones included.
  var making: [String: Change] = [:]
  var passwords: [Change] = []
  var links: [Link] = []
  var remadeUsers: [String] = []
  var remadeLinks: [Link] = []
  var deletedUsers: [String] = []
  var unlinks: [Change] = []
  /// A revocation, and the grant of the same range that follows it.
  var regrants: [(Change, Change)] = []
  var reductions: [Change] = []
  var deletedRoles: [String] = []

  init(_ changes: [Change]) {
    var made: Set<String> = []
    var gone: Set<String> = []
    var goneRoles: Set<String> = []
    var revoked: Set<RoleRange> = []
    for change in changes {
      switch change {
      case .addUser(let user), .addPasswordUser(let user):
        made.insert(user)
        making[user] = change
      case .deleteUser(let user): gone.insert(user)
      case .deleteRole(let role): goneRoles.insert(role)
      case .revoke(let permission, let role): revoked.insert(RoleRange(permission, role))
      default: break
      }
    }
    var regranted: [RoleRange: Change] = [:]
    for case .grant(let permission, let role) in changes where revoked.contains(RoleRange(permission, role)) {
      regranted[RoleRange(permission, role)] = .grant(permission, toRole: role)
    }
    var seen: Set<Change> = []
    for change in changes where seen.insert(change).inserted {
      switch change {
      case .addRole(let role): roles.append(role)
      case .grant(let permission, let role):
        if regranted[RoleRange(permission, role)] == nil {
          grants.append(Grant(permission: permission, role: role))
        }
      case .narrow(_, let role):
        if !goneRoles.contains(role) { reductions.append(change) }
      case .revoke(let permission, let role):
        if goneRoles.contains(role) { continue }
        if let grant = regranted[RoleRange(permission, role)] {
          regrants.append((change, grant))
        } else {
          reductions.append(change)
        }
      case .addUser(let user), .addPasswordUser(let user):
        if !gone.contains(user) { users.append(user) }
      case .changePassword: passwords.append(change)
      case .deleteUser(let user):
        if made.contains(user) { remadeUsers.append(user) } else { deletedUsers.append(user) }
      case .link(let user, let role):
        let link = Link(user: user, role: role)
        if gone.contains(user) { remadeLinks.append(link) } else { links.append(link) }
      case .unlink(let user, let role):
        if !gone.contains(user), !goneRoles.contains(role) { unlinks.append(change) }
      case .deleteRole(let role): deletedRoles.append(role)
      }
    }
  }

  private struct RoleRange: Hashable {
    let key: [UInt8]
    let rangeEnd: [UInt8]
    let role: String

    init(_ permission: Permission, _ role: String) {
      (key, rangeEnd, self.role) = (permission.key, permission.rangeEnd, role)
    }
  }
}

/// How many users hold each role before and after the plan; decides whether a role is filled or linked first.
private struct Sharing {
  private var holdersBefore: [String: Int] = [:]
  private var newHolders: [String: Int] = [:]
  private var pending: [String: Int] = [:]
  private var existing: [String: Int]
  private var joinedByExistingUsers: Set<String> = []

  init(_ work: Work, _ state: ClusterState) {
    existing = state.roles.mapValues(\.count)
    for user in state.users.values {
      for role in user.roles { holdersBefore[role, default: 0] += 1 }
    }
    for grant in work.grants { pending[grant.role, default: 0] += 1 }
    for link in work.links {
      newHolders[link.role, default: 0] += 1
      if state.users[link.user] != nil { joinedByExistingUsers.insert(link.role) }
    }
  }

  func holders(_ role: String) -> Int { holdersBefore[role] ?? 0 }
  /// The number of permissions that the role has in the end, except for those that are removed.
  func size(_ role: String) -> Int { (existing[role] ?? 0) + (pending[role] ?? 0) }

  /// Whether the role is filled after its new holders have it: with `h` holders and `g` grants, filling it
  /// last costs about `h·g²`, filling it first about `g·h²`.
  func isFilledLast(_ role: String) -> Bool {
    !joinedByExistingUsers.contains(role)
      && pending[role] ?? 0 < (holdersBefore[role] ?? 0) + (newHolders[role] ?? 0)
  }

  /// Whether the link makes later changes no more expensive, because the role is empty when it is linked.
  func isLinkedEarly(_ link: Work.Link) -> Bool {
    existing[link.role] ?? 0 == 0 && isFilledLast(link.role)
  }
}

extension Change {
  fileprivate static func grant(_ grant: Work.Grant) -> Change {
    .grant(grant.permission, toRole: grant.role)
  }
  fileprivate static func link(_ link: Work.Link) -> Change { .link(user: link.user, role: link.role) }
}

extension Array {
  fileprivate func chunks(of size: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
  }
}
