import Etcd
import Keyspace
import Segmentation
import TestSupport
import Testing

@testable import Reconciliation

@Suite("The order of changes")
struct OrderTests {
  @Test("after any number of changes, even within a phase, each user has the access that it had and keeps")
  func everyPrefixIsSafe() {
    for seed in 1...500 {
      var dice = SeededGenerator(seed: seed)
      let before = dice.cluster()
      let desired = DesiredState(dice.segmentation())
      let plan = Plan(from: before, to: desired, applicant: "root")
      var after = before
      for change in plan.changes { after.make(change) }
      let rest = Plan(from: after, to: desired, applicant: "root")
      #expect(rest.changes.isEmpty, "seed \(seed)")

      // What etcd cannot change without removing it for a moment.
      let remade = Set(before.users.filter(\.value.acceptsEmptyPassword).keys)
      let regranted = regranted(plan)
      var state = before
      for phase in plan.phases {
        for change in phase.shuffled(using: &dice) {
          state.make(change)
          for user in before.users.keys where !remade.contains(user) && after.users[user] != nil {
            let (first, last) = (before.permissions(of: user), after.permissions(of: user))
            let now = state.permissions(of: user)
            let kept = (
              first.readable.intersection(last.readable).subtracting(regranted),
              first.writable.intersection(last.writable).subtracting(regranted)
            )
            #expect(
              now.readable.contains(kept.0) && now.writable.contains(kept.1),
              "seed \(seed): \(user) after '\(change.words)'")
          }
          #expect(state.permissions(of: "root") == .root, "seed \(seed)")
        }
      }
    }
  }

  @Test("a new plan after any number of changes leads to the same state")
  func everyPrefixCanGoOn() {
    for seed in 1...150 {
      var dice = SeededGenerator(seed: seed)
      var state = dice.cluster()
      let desired = DesiredState(dice.segmentation())
      var last: ClusterState?
      // One change of the first phase, then a new plan.
      for _ in 0..<200 {
        let plan = Plan(from: state, to: desired, applicant: "root")
        guard let change = plan.phases.first?.randomElement(using: &dice) else {
          last = state
          break
        }
        state.make(change)
        if case .addUser(let user) = change { state.users[user]?.acceptsEmptyPassword = false }
      }
      #expect(last != nil, "seed \(seed) comes to no end")
    }
  }

  @Test("no change of a phase depends on another change of the phase")
  func phasesAreIndependent() {
    for seed in 1...300 {
      var dice = SeededGenerator(seed: seed)
      let plan = Plan(from: dice.cluster(), to: DesiredState(dice.segmentation()), applicant: "root")
      for phase in plan.phases {
        let made = Set(phase.compactMap { if case .addUser(let user) = $0 { user } else { nil } })
        let roles = Set(phase.compactMap { if case .addRole(let role) = $0 { role } else { nil } })
        for case .link(let user, let role) in phase {
          #expect(!made.contains(user) && !roles.contains(role))
        }
        for case .grant(_, let role) in phase { #expect(!roles.contains(role)) }
        #expect(Set(phase).count == phase.count)
      }
      #expect(plan.phases.allSatisfy { !$0.isEmpty })
    }
  }

  @Test("leaves out changes that another change implies")
  func implied() {
    let state = ClusterState(
      users: ["a": .init(roles: ["p", "q"]), "b": .init(roles: ["p"])],
      roles: ["p": [Permission(.read, .key("k"))], "q": []])
    let order = Order(
      [
        .revoke(Permission(.read, .key("k")), fromRole: "p"), .unlink(user: "a", role: "p"),
        .unlink(user: "a", role: "q"), .unlink(user: "b", role: "p"), .deleteUser("a"), .deleteRole("p"),
      ], from: state)
    #expect(order.phases == [[.deleteUser("a")], [.deleteRole("p")]])
  }

  @Test("links a role shared by many new users while it is empty, and fills a user's own role first")
  func cheapest() {
    let users = (1...3).map { "user-\($0)" }
    let shared = [Grant(.prefix("/a"), .read), Grant(.prefix("/b"), .read)]
    let segmentation = Segmentation(
      cluster: "test",
      identities: users.map { Identity(user: $0, purpose: .custom, roles: ["shared", $0]) },
      roles: [Role(name: "shared", grants: shared.map { Role.Line($0) })]
        + users.map { Role(name: $0, grants: [Role.Line(Grant(.prefix(Key("/own/\($0)")), .readwrite))]) })
    let plan = Plan(from: ClusterState(), to: DesiredState(segmentation), applicant: nil)
    let phases: [[Change]] = [
      [.addRole("shared")] + users.map { .addRole($0) },
      users.map { .grant(Permission(.readwrite, .prefix(Key("/own/\($0)"))), toRole: $0) },
      users.map { .addUser($0) }, users.map { .link(user: $0, role: "shared") },
      users.map { .link(user: $0, role: $0) },
      shared.map { .grant(Permission($0), toRole: "shared") },
    ]
    #expect(plan.phases == phases)
    // An existing user gets a role when the role is complete.
    let existing = ClusterState(users: Dictionary(uniqueKeysWithValues: users.map { ($0, .init(roles: [])) }))
    let building = Plan(from: existing, to: DesiredState(segmentation), applicant: nil)
    #expect(
      building.phases.map(\.count) == [4, 5, 6],
      "roles, then all grants, then all links: \(building.phases.map { $0.map(\.words) })")
  }

  private func regranted(_ plan: Plan) -> KeyRangeSet {
    var ranges: [KeyRange] = []
    for case .revoke(let permission, let role) in plan.changes
    where plan.changes.contains(where: {
      if case .grant(let other, role) = $0 { other.hasSameRange(as: permission) } else { false }
    }) {
      ranges.append(permission.grant.range)
    }
    return KeyRangeSet(ranges)
  }
}
