import Etcd
import Keyspace
import Segmentation
import Testing

@testable import Reconciliation

@Suite("Planning")
struct PlanTests {
  private let desired = DesiredState(.sample)

  /// The cluster that the segmentation defines.
  private func wanted(authEnabled: Bool = true) -> ClusterState {
    ClusterState(
      authEnabled: authEnabled,
      users: Dictionary(uniqueKeysWithValues: desired.users.map { ($0.name, .init(roles: Set($0.roles))) }),
      roles: Dictionary(uniqueKeysWithValues: desired.roles.map { ($0.name, $0.permissions) })
        .merging(["root": []]) { first, _ in first })
  }

  private func changes(_ state: ClusterState, applicant: String? = "root") -> [Change] {
    Plan(from: state, to: desired, applicant: applicant).changes
  }

  @Test("an empty cluster gets roles, their grants, users and then links, and nothing is removed")
  func emptyCluster() {
    let plan = Plan(from: ClusterState(), to: desired, applicant: "root")
    #expect(plan.removals.isEmpty && plan.withheld.isEmpty)
    let firstUser = plan.changes.firstIndex { if case .addUser = $0 { true } else { false } }
    let lastGrant = plan.changes.lastIndex { if case .grant = $0 { true } else { false } }
    #expect(lastGrant.map { $0 + 1 } == firstUser)
    #expect(plan.changes.first == .addRole("node"))
    #expect(
      plan.changes.contains(.addUser("root")) && plan.changes.contains(.link(user: "root", role: "root")))
    #expect(!plan.changes.contains(.addRole("root")))
    #expect(Plan(from: ClusterState(), to: desired, applicant: "root") == plan)
  }

  @Test("leaves a cluster in the desired state unchanged")
  func nothingToDo() {
    let plan = Plan(from: wanted(), to: desired, applicant: "root")
    #expect(plan.isEmpty && plan.withheld.isEmpty && plan.foreignRoles.isEmpty && plan.foreignUsers.isEmpty)
  }

  @Test("grants more access in place, and reduces access in place as a removal")
  func changedAccess() {
    let ipam = KeyRange.prefix("/calico/ipam/")
    var state = wanted()
    state.roles["node"] = state.roles["node"]?.map { $0.grant.range == ipam ? Permission(.read, ipam) : $0 }
    #expect(changes(state) == [.grant(Permission(.readwrite, ipam), toRole: "node")])
    let all = KeyRange.prefix("/calico/")
    state = wanted()
    state.roles["node"] = state.roles["node"]?.map {
      $0.grant.range == all ? Permission(.readwrite, all) : $0
    }
    let narrowed = Change.narrow(Permission(.read, all), inRole: "node")
    #expect(changes(state) == [narrowed])
    #expect(narrowed.takesAway)
    #expect(narrowed.words == "let node only read /calico/*")
    #expect(narrowed.etcdctl == "etcdctl role grant-permission node read /calico/ --prefix")
  }

  @Test("never changes an access in place if another range has the same start key")
  func sharedStartKey() {
    let (key, prefix) = (KeyRange.key("/k"), KeyRange.prefix("/k"))
    let segmentation = Segmentation.of([("a", [Grant(key, .read), Grant(prefix, .read)])])
    let desired = DesiredState(segmentation)
    var state = ClusterState(
      users: ["root": .init(roles: ["root"]), "a": .init(roles: ["a"])],
      roles: ["a": [Permission(.read, key), Permission(.readwrite, prefix)]])
    let mend: [Change] = [
      .revoke(Permission(.readwrite, prefix), fromRole: "a"), .grant(Permission(.read, prefix), toRole: "a"),
    ]
    #expect(Plan(from: state, to: desired, applicant: nil).changes == mend)
    // The other range is only about to be granted.
    state.roles["a"] = [Permission(.readwrite, prefix)]
    #expect(
      Plan(from: state, to: desired, applicant: nil).changes
        == [.grant(Permission(.read, key), toRole: "a")] + mend)
  }

  @Test("revokes duplicate entries once and grants a single one")
  func duplicates() {
    let prefix = KeyRange.prefix("/calico/felix/")
    var state = wanted()
    state.roles["writer"]?.append(Permission(.read, prefix))
    #expect(
      changes(state) == [
        .revoke(Permission(.readwrite, prefix), fromRole: "writer"),
        .grant(Permission(.readwrite, prefix), toRole: "writer"),
      ])
    let foreign = Permission(.read, .prefix("/foreign/"))
    state = wanted()
    state.roles["writer"]? += [foreign, foreign]
    #expect(changes(state) == [.revoke(foreign, fromRole: "writer")])
  }

  @Test("merges grants of the same range in the file")
  func sameRangeTwice() {
    let range = KeyRange.prefix("/k")
    let desired = DesiredState(
      .of([("a", [Grant(range, .read), Grant(.key("/x"), .read), Grant(range, .write)])]))
    #expect(
      desired.roles.first?.permissions == [Permission(.readwrite, range), Permission(.read, .key("/x"))])
  }

  @Test("leaves what the file does not name unchanged, and reports it")
  func foreign() {
    var state = wanted()
    state.users["them"] = .init(roles: ["theirs"])
    state.roles["theirs"] = [Permission(.read, .everything)]
    let plan = Plan(from: state, to: desired, applicant: "root")
    #expect(plan.isEmpty)
    #expect(plan.foreignUsers == ["them"] && plan.foreignRoles == ["theirs"])
  }

  @Test("removes other roles from a managed user, but not from root")
  func extraRoles() {
    var state = wanted()
    state.users["node"]?.roles.insert("theirs")
    state.users["root"]?.roles.insert("theirs")
    #expect(changes(state) == [.unlink(user: "node", role: "theirs")])
  }

  @Test("kube-apiserver keeps its roles and gets what it lacks")
  func apiserver() {
    let desired = DesiredState(.of([], apiserver: "apiserver"))
    let state = ClusterState(users: ["root": .init(roles: ["root"]), "apiserver": .init(roles: ["theirs"])])
    #expect(
      Plan(from: state, to: desired, applicant: "root").changes == [.link(user: "apiserver", role: "root")])
  }

  @Test("never locks out the applicant")
  func applicant() {
    var state = wanted()
    state.users["node"]?.roles.insert("root")
    let plan = Plan(from: state, to: desired, applicant: "node")
    #expect(plan.isEmpty)
    #expect(plan.withheld == [.unlink(user: "node", role: "root")])
    #expect(changes(state, applicant: "root") == [.unlink(user: "node", role: "root")])
  }

  @Test("recreates a user with an empty password and its roles, except root and the applicant")
  func openPasswords() {
    var state = wanted()
    state.users["node"]?.acceptsEmptyPassword = true
    #expect(changes(state) == [.deleteUser("node"), .addUser("node"), .link(user: "node", role: "node")])
    let own = Plan(from: state, to: desired, applicant: "node")
    #expect(own.isEmpty && own.withheld == [.deleteUser("node"), .addUser("node")])
    state = wanted()
    state.users["root"]?.acceptsEmptyPassword = true
    let root = Plan(from: state, to: desired, applicant: "admin")
    #expect(root.isEmpty && root.withheld == [.deleteUser("root"), .addUser("root")])
    // Nothing that others manage is lost meanwhile.
    let apiserver = ClusterState(users: [
      "root": .init(roles: ["root"]), "kube": .init(roles: ["root", "theirs"], acceptsEmptyPassword: true),
    ])
    #expect(
      Plan(from: apiserver, to: DesiredState(.of([], apiserver: "kube")), applicant: "root").changes == [
        .deleteUser("kube"), .addUser("kube"), .link(user: "kube", role: "root"),
        .link(user: "kube", role: "theirs"),
      ])
  }

  @Test("a password on a certificate user is a difference: recreated, or left and not passed over")
  func passwords() {
    var state = wanted()
    state.users["node"]?.hasPassword = true
    #expect(changes(state) == [.deleteUser("node"), .addUser("node"), .link(user: "node", role: "node")])
    // A user that Bulkhead does not manage may have its password for another program.
    let additive = Plan(from: state, to: desired, applicant: "root", management: .additive)
    #expect(additive.isEmpty && additive.needsAttention)
    #expect(additive.drift.map(\.kind) == [.hasPassword])
    state = wanted()
    state.users["root"]?.hasPassword = true
    let root = Plan(from: state, to: desired, applicant: "root")
    #expect(root.isEmpty && root.needsAttention && root.withheld == [.deleteUser("root"), .addUser("root")])
    #expect(!Plan(from: wanted(), to: desired, applicant: "root").needsAttention)
  }

  @Test("an administrator that the file does not name needs attention")
  func foreignAdministrator() {
    var state = wanted()
    state.users["intruder"] = .init(roles: ["root"])
    let plan = Plan(from: state, to: desired, applicant: "root")
    #expect(plan.isEmpty && plan.needsAttention && plan.foreignAdministrators == ["intruder"])
  }

  @Test("a foreign user that reaches the file's keys, or accepts the empty password, needs attention")
  func foreignAccess() {
    func attention(_ user: ClusterState.User, protecting: Managed = Managed()) -> [String] {
      var state = wanted()
      state.roles["theirs"] = [Permission(.read, .key("/calico/ipam/x"))]
      state.roles["beside"] = [Permission(.readwrite, .prefix("/service/"))]
      state.users["other"] = user
      let plan = Plan(from: state, to: desired, applicant: "root", protecting: protecting)
      #expect(plan.isEmpty && plan.needsAttention == !plan.foreignUsersWithAccess.isEmpty)
      #expect(plan.needingAttention.map(\.name) == plan.foreignUsersWithAccess)
      return plan.foreignUsersWithAccess
    }
    #expect(attention(.init(roles: ["theirs"])) == ["other"])
    #expect(attention(.init(roles: ["beside"])) == [])
    #expect(attention(.init(roles: [], acceptsEmptyPassword: true)) == ["other"])
    let protected = Managed(users: ["other"])
    #expect(attention(.init(roles: ["theirs"]), protecting: protected) == [])
    #expect(attention(.init(roles: [], acceptsEmptyPassword: true), protecting: protected) == ["other"])
    // root cannot be recreated while authentication is on.
    var state = wanted()
    state.users["root"]?.acceptsEmptyPassword = true
    #expect(Plan(from: state, to: desired, applicant: "root").needsAttention)
  }

  @Test("removes a temporary administrator that was left behind")
  func wayBack() {
    var state = wanted()
    state.users["bulkhead-way-back-1234"] = .init(roles: ["root"])
    let plan = Plan(from: state, to: desired, applicant: "root")
    #expect(plan.changes == [.deleteUser("bulkhead-way-back-1234")] && plan.foreignUsers.isEmpty)
  }

  @Test("additions come before removals")
  func order() {
    var state = wanted()
    state.roles["node"] = [Permission(.readwrite, .everything)]
    state.users["node"] = .init(roles: ["theirs"])
    let changes = changes(state)
    let firstLoss = changes.firstIndex(where: \.takesAway)
    #expect(firstLoss == changes.count - 2)
    #expect(
      changes.suffix(2) == [
        .unlink(user: "node", role: "theirs"), .revoke(Permission(.readwrite, .everything), fromRole: "node"),
      ])
  }
}
