import Etcd
import Keyspace
import Segmentation
import Testing

@testable import Reconciliation

@Suite("Ownership of users and roles")
struct OwnershipTests {
  private let calico = Permission(.readwrite, .prefix("/calico/"))
  private let other = Permission(.read, .prefix("/other/"))
  private let desired = DesiredState(
    .of([("node", [Grant(.prefix("/calico/"), .readwrite)])], apiserver: "apiserver"))

  /// A cluster in which others created the user and the role that the file names, with more access than the
  /// file gives, and other users and roles.
  private var foreign: ClusterState {
    ClusterState(
      authEnabled: true,
      users: [
        "root": .init(roles: ["root"]), "apiserver": .init(roles: ["root", "theirs"]),
        "node": .init(roles: ["node", "more"]), "ops": .init(roles: ["root"]),
        "app": .init(roles: ["app"]),
      ],
      roles: ["root": [], "node": [calico, other], "more": [other], "app": [other], "theirs": [other]])
  }

  private func plan(
    _ state: ClusterState, _ management: SegmentationFile.Management, managed: Managed = Managed(),
    desired: DesiredState? = nil, applicant: String = "root"
  ) -> Plan {
    Plan(
      from: state, to: desired ?? self.desired, applicant: applicant, management: management, managed: managed
    )
  }

  /// As a client can leave it behind that could write everything, the record of what Bulkhead made included.
  @Test("what stays on users and roles of the file counts if it is the role root or reaches Bulkhead's keys")
  func takeover() {
    #expect(!self.plan(foreign, .additive).needingAttention.contains { $0.name == "node" })
    var state = foreign
    state.users["node"]?.roles.insert("root")
    state.roles["node"]?.append(Permission(.readwrite, .bulkhead))
    let found = self.plan(state, .additive)
    #expect(
      found.needingAttention.filter { $0.name == "node" }.map(\.kind) == [.extra, .foreignRole])
    let kept = Plan(
      from: state, to: desired, applicant: "root", management: .additive,
      protecting: Managed(users: ["node"], roles: ["node"]))
    #expect(!kept.needingAttention.contains { $0.name == "node" })
  }

  @Test("additive removes nothing that others created, and reports all of it")
  func additive() {
    let plan = plan(foreign, .additive)
    #expect(plan.isEmpty && plan.withheld.isEmpty && plan.managed == Managed())
    #expect(plan.drift.allSatisfy { $0.isLeft })
    #expect(plan.foreignAdministrators == ["ops"])
    let named = Plan(
      from: foreign, to: self.desired, applicant: "root", management: .additive,
      protecting: Managed(users: ["ops"]))
    #expect(named.foreignAdministrators.isEmpty)
    #expect(
      plan.drift.map { "\($0.kind.rawValue): \($0.subject): \($0.meaning)" } == [
        "extra: role node: it may read /other/* too",
        "foreign role on a managed user: user node: it has the role more too, and may read /other/*",
        "foreign user: user app: it may read /other/*",
        "foreign user: user ops: it may do everything, as an administrator",
        "foreign role: role app: it may read /other/*; app has it",
        "foreign role: role more: it may read /other/*; node has it",
        "foreign role: role theirs: it may read /other/*; apiserver has it",
      ])
    // What the file gives is added, without removing any access meanwhile.
    var less = foreign
    less.roles["node"] = [Permission(.read, .prefix("/calico/")), other]
    less.users["node"]?.roles = ["more"]
    #expect(
      Set(self.plan(less, .additive).changes) == [
        .grant(calico, toRole: "node"), .link(user: "node", role: "node"),
      ])
    let wide = Permission(.readwrite, .key("/k"))
    var wider = foreign
    wider.roles["node"] = [calico, wide]
    let narrow = DesiredState(
      .of([("node", [Grant(.prefix("/calico/"), .readwrite), Grant(.key("/k"), .read)])]))
    let kept = self.plan(wider, .additive, desired: narrow)
    #expect(kept.isEmpty)
    #expect(kept.drift.first?.kind == .changed && kept.drift.first?.isLeft == true)
    // A missing access is added to the existing one, which stays.
    let write = Permission(.write, .prefix("/calico/"))
    wider.roles["node"] = [write]
    let reading = DesiredState(.of([("node", [Grant(.prefix("/calico/"), .read)])]))
    #expect(self.plan(wider, .additive, desired: reading).changes == [.grant(calico, toRole: "node")])
  }

  @Test(
    "nothing is taken from protected users and roles, in any mode",
    arguments: [
      SegmentationFile.Management.additive, .adopt, .authoritative,
    ])
  func protected(management: SegmentationFile.Management) {
    let names = Managed(users: ["app", "ops", "node"], roles: ["app", "theirs", "more", "node"])
    let plan = Plan(
      from: foreign, to: desired, applicant: "root", management: management, managed: names,
      protecting: names)
    #expect(plan.removals.isEmpty, "\(plan.removals)")
    #expect(plan.foreignUsers == ["app", "ops"])
  }

  @Test("a user that may be kube-apiserver stays, even if the record lists it")
  func forgedRecord() {
    var state = foreign
    state.users["apiserver-2"] = .init(roles: ["k8s"])
    state.roles["k8s"] = [Permission(.readwrite, .prefix("/registry/"))]
    let withoutApiserver = DesiredState(.of([("node", [Grant(.prefix("/calico/"), .readwrite)])]))
    let forged = Managed(users: ["apiserver-2", "app"], roles: ["k8s"])
    let plan = plan(state, .additive, managed: forged, desired: withoutApiserver)
    #expect(plan.removals == [.deleteUser("app")])
    #expect(plan.withheld.contains(.deleteUser("apiserver-2")))
  }

  @Test("the record is in doubt while a client besides administrators may write it")
  func doubt() {
    var state = foreign
    #expect(state.recordDoubt == nil)
    state.roles["app"] = [Permission(.readwrite, .prefix("/bulk"))]
    #expect(state.recordDoubt == "the user 'app' may write Bulkhead's record")
    state.roles["app"] = [Permission(.read, .everything)]
    #expect(state.recordDoubt == nil)
    state.authEnabled = false
    #expect(state.recordDoubt?.contains("authentication is off") == true)
  }

  @Test("adopt takes over what the file names, and reports the rest unchanged")
  func adopt() {
    let plan = plan(foreign, .adopt)
    #expect(Set(plan.changes) == [.revoke(other, fromRole: "node"), .unlink(user: "node", role: "more")])
    #expect(plan.managed == Managed(users: ["node"], roles: ["node"]))
    #expect(plan.foreignUsers == ["app", "ops"] && plan.foreignRoles == ["app", "more", "theirs"])
    #expect(plan.drift.count { $0.isLeft } == 5)
  }

  @Test("authoritative removes the rest too, except what root, kube-apiserver or the applicant have")
  func authoritative() {
    let plan = plan(foreign, .authoritative)
    #expect(
      Set(plan.changes) == [
        // A role that is deleted is not unlinked from node first.
        .revoke(other, fromRole: "node"), .deleteUser("app"), .deleteUser("ops"), .deleteRole("app"),
        .deleteRole("more"),
      ])
    #expect(plan.removals == plan.changes)
    #expect(plan.withheld == [.deleteRole("theirs")] && plan.foreignRoles == ["theirs"])
    let asOps = self.plan(foreign, .authoritative, applicant: "ops")
    #expect(!asOps.changes.contains(.deleteUser("ops")) && asOps.withheld.contains(.deleteUser("ops")))
    // kube-apiserver's user is not named.
    let nameless = DesiredState(.of([("node", [Grant(.prefix("/calico/"), .readwrite)])]))
    let careful = self.plan(foreign, .authoritative, desired: nameless)
    #expect(careful.changes.contains(.deleteUser("app")))
    #expect(
      careful.withheld.contains(.deleteUser("apiserver")) && careful.withheld.contains(.deleteUser("ops")))
    #expect(!careful.changes.contains(.deleteRole("theirs")))
  }

  @Test(
    "what Bulkhead created is removed with its identity, in every mode",
    arguments: SegmentationFile.Management.allCases)
  func own(management: SegmentationFile.Management) {
    var state = foreign
    state.users["node.n1"] = .init(roles: ["node", "node.n1"])
    state.roles["node.n1"] = [other]
    let managed = Managed(users: ["node", "node.n1"], roles: ["node", "node.n1", "gone"])
    let plan = plan(state, management, managed: managed)
    for change: Change in [
      .deleteUser("node.n1"), .deleteRole("node.n1"), .revoke(other, fromRole: "node"),
      management == .authoritative ? .deleteRole("more") : .unlink(user: "node", role: "more"),
    ] {
      #expect(plan.changes.contains(change), "\(change.words)")
    }
    #expect(plan.managed == Managed(users: ["node"], roles: ["node"]))
    #expect(!plan.drift.contains { $0.subject == "user node.n1" && $0.isLeft })
    // The applicant does not delete its own user.
    let own = self.plan(state, management, managed: managed, applicant: "node.n1")
    #expect(own.withheld.contains(.deleteUser("node.n1")) && own.withheld.contains(.deleteRole("node.n1")))
    #expect(own.managed.users.contains("node.n1") && own.managed.roles.contains("node.n1"))
  }

  @Test("Bulkhead manages what it is about to create, but not root and kube-apiserver")
  func made() {
    #expect(
      plan(ClusterState(), .additive).managed == Managed(users: ["node"], roles: ["node"]))
  }

  @Test("a role that kube-apiserver may need stays when the file no longer names it")
  func apiserverRole() {
    let state = ClusterState(
      users: ["root": .init(roles: ["root"]), "apiserver": .init(roles: ["kube-apiserver"])],
      roles: ["kube-apiserver": [Permission(.readwrite, .prefix("/registry/"))]])
    let plan = plan(
      state, .additive, managed: Managed(roles: ["kube-apiserver"]), desired: DesiredState(.of([])))
    #expect(plan.isEmpty && plan.withheld == [.deleteRole("kube-apiserver")])
    #expect(plan.managed.roles == ["kube-apiserver"])
  }

  @Test("a user of others with an empty password is recreated with all its roles")
  func openPassword() {
    var state = foreign
    state.users["node"]?.acceptsEmptyPassword = true
    let plan = plan(state, .additive)
    #expect(
      Set(plan.changes) == [
        .deleteUser("node"), .addUser("node"), .link(user: "node", role: "node"),
        .link(user: "node", role: "more"),
      ])
    #expect(plan.drift.contains { $0.kind == .passwordOpen && !$0.isLeft })
  }

  @Test("reports duplicate entries as such")
  func duplicates() {
    var state = foreign
    state.roles["node"] = [calico, Permission(.read, .prefix("/calico/"))]
    let drift = plan(state, .adopt).drift.filter { $0.kind == .duplicateEntry }
    #expect(drift.map(\.meaning) == ["/calico/* appears in it 2 times, together readwrite"])
    #expect(plan(state, .adopt).changes.contains(.revoke(calico, fromRole: "node")))
    #expect(plan(state, .additive).isEmpty)
  }
}
