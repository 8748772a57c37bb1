import Etcd
import Segmentation

/// Estimates how long a plan takes, and how long one of its changes blocks the cluster.
package struct Estimate: Hashable, Sendable {
  package let changes: Int
  package let time: Duration
  /// The longest time that a single change makes every client wait.
  package let stall: Duration
  /// How many writes of other clients the changes refuse. A member notes the auth revision when a write arrives, and refuses
  /// it if that has changed when the write comes out of the log (etcd, `server/auth/store.go`, `ErrAuthOldRevision`).
  package let refusedWrites: Double
  package let cost: AuthCost
  /// The number of users after the plan.
  package let users: Int

  /// The time of one change, without recomputed permissions, when many are in flight.
  private static let inPipeline: Duration = .microseconds(450)

  package init(_ plan: Plan, from state: ClusterState, cost: AuthCost) {
    var burden = Burden(state)
    var (time, stall, exposed) = (Duration.zero, Duration.zero, Duration.zero)
    for phase in plan.phases {
      let each = max(Self.inPipeline, cost.roundTrip / min(phase.count, ConcurrencyLimit.largest))
      time += cost.roundTrip
      for change in phase {
        burden.make(change)
        time += each
        exposed += cost.roundTrip
        // addRole is the only change that recomputes no permissions.
        if case .addRole = change { continue }
        let wait = cost.stall(users: burden.users, permissions: burden.permissions)
        time += wait
        exposed += wait
        stall = max(stall, wait)
      }
    }
    changes = plan.changes.count
    (self.time, self.stall, self.cost, users) = (time, stall, cost, burden.users)
    refusedWrites = cost.writesPerSecond * (min(exposed, time) / .seconds(1))
  }

  /// The number of nodes above which each change of a user or role makes all clients wait longer than
  /// ``bearable``; nil if that never happens, or if the number of users does not grow with the nodes.
  package static func bearableNodes(_ segmentation: Segmentation, cost: AuthCost) -> Int? {
    let nodes = Set(segmentation.identities.compactMap(\.node)).count
    guard cost.grows, nodes > 0 else { return nil }
    let desired = DesiredState(segmentation)
    let sizes = Dictionary(desired.roles.map { ($0.name, $0.permissions.count) }) { first, _ in first }
    let ofNodes = Set(segmentation.identities.filter { $0.node != nil }.map(\.user))
    let users = desired.users.filter { ofNodes.contains($0.name) }
    let held = users.reduce(0) { $0 + $1.roles.reduce(0) { $0 + (sizes[$1] ?? 0) } }
    let perNode = cost.stall(users: users.count, permissions: held) / nodes
    return perNode > .zero ? Int(bearable / perNode) : nil
  }

  package static let bearable = RefreshCost.bearable
}

/// What the members recompute after a change: the number of users and of the permissions that they hold.
private struct Burden {
  private(set) var users: Int
  private(set) var permissions = 0
  private var sizes: [String: Int]
  private var holders: [String: Int] = [:]
  private var rolesOfUser: [String: Set<String>]

  init(_ state: ClusterState) {
    users = state.users.count
    sizes = state.roles.mapValues(\.count)
    rolesOfUser = state.users.mapValues(\.roles)
    for roles in rolesOfUser.values { for role in roles { hold(role, 1) } }
  }

  private mutating func hold(_ role: String, _ difference: Int) {
    holders[role, default: 0] += difference
    permissions += difference * (sizes[role] ?? 0)
  }

  mutating func make(_ change: Change) {
    switch change {
    case .addRole, .narrow, .changePassword: break
    case .deleteRole(let role):
      permissions -= (holders[role] ?? 0) * (sizes[role] ?? 0)
      (holders[role], sizes[role]) = (nil, nil)
    case .grant(_, let role): fill(role, 1)
    case .revoke(_, let role): fill(role, -1)
    case .addUser, .addPasswordUser: users += 1
    case .deleteUser(let user):
      users -= 1
      for role in rolesOfUser.removeValue(forKey: user) ?? [] { hold(role, -1) }
    case .link(let user, let role):
      if rolesOfUser[user, default: []].insert(role).inserted { hold(role, 1) }
    case .unlink(let user, let role):
      if rolesOfUser[user]?.remove(role) != nil { hold(role, -1) }
    }
  }

  private mutating func fill(_ role: String, _ difference: Int) {
    sizes[role, default: 0] += difference
    permissions += difference * (holders[role] ?? 0)
  }
}
