import Etcd
import Keyspace
import Segmentation
import TestClusters
import Testing

@testable import Reconciliation

@Suite("Stages from a shared certificate to one for each program")
struct StageTests {
  private let desired = DesiredState(.sample)

  private func plan(_ state: ClusterState, _ segmentation: Segmentation = .sample) -> Plan {
    Plan(from: state, to: DesiredState(segmentation), applicant: "root")
  }

  @Test("prepare removes nothing, and keeps the shared certificate's access while authentication is off")
  func preparing() throws {
    var state = ClusterState(
      users: ["root": .init(roles: ["root"]), "node": .init(roles: ["theirs"])],
      roles: ["theirs": [Permission(.readwrite, .everything)], "node": [Permission(.read, .key("/other"))]])
    let prepared = try plan(state).preparing(shared: ["all"], from: state)
    #expect(prepared.removals.isEmpty && !plan(state).removals.isEmpty)
    #expect(prepared.changes.contains(.addUser("all")))
    #expect(prepared.changes.contains(.link(user: "all", role: "root")))
    // With authentication on, the shared certificate's user must exist and keeps its access.
    state.authEnabled = true
    #expect(throws: StageRefusal.noSuchUser("all")) {
      try plan(state).preparing(shared: ["all"], from: state)
    }
    state.users["all"] = .init(roles: ["theirs"])
    let kept = try plan(state).preparing(shared: ["all"], from: state)
    #expect(!kept.changes.contains { if case .link("all", _) = $0 { true } else { false } })
    // A user with an empty password is recreated only when no program needs it; revocations wait too.
    state.users["writer"] = .init(roles: ["writer"], acceptsEmptyPassword: true)
    let later = try plan(state).preparing(shared: ["all"], from: state)
    #expect(!later.changes.contains(.addUser("writer")) && plan(state).changes.contains(.addUser("writer")))
  }

  @Test("each stage requires the one before, and root, applicant and kube-apiserver stay")
  func refusals() throws {
    let empty = ClusterState()
    #expect(throws: StageRefusal.notPrepared(plan(empty).changes.count)) {
      try plan(empty).switching(shared: [], from: empty)
    }
    var state = empty
    for change in plan(empty).changes { state.make(change) }
    #expect(try plan(state).switching(shared: [], from: state).isEmpty)
    #expect(throws: StageRefusal.notPrepared(2)) { try plan(state).switching(shared: ["all"], from: state) }
    func clean(_ shared: String?, _ segmentation: Segmentation = .sample) throws -> Plan {
      try plan(state, segmentation).cleaning(
        shared: shared.map { [$0] } ?? [], from: state, DesiredState(segmentation), applicant: "admin")
    }
    #expect(throws: StageRefusal.notSwitched) { try clean(nil) }
    state.authEnabled = true
    state.users["all"] = .init(roles: [])
    #expect(try clean("all").isEmpty)
    #expect(throws: StageRefusal.sharedIsRoot) { try clean("root") }
    #expect(throws: StageRefusal.sharedIsApplicant("admin")) { try clean("admin") }
    let kubernetes = Segmentation.of([], apiserver: "kube")
    #expect(throws: StageRefusal.sharedIsOthers("kube")) { try clean("kube", kubernetes) }
    state.roles["node"] = []
    #expect(throws: StageRefusal.notPrepared(3)) { try clean("all") }
  }

  private static let uses = [
    Clients.Use(user: "node", key: "/calico/ipam/n", access: .readwrite),
    Clients.Use(user: "writer", key: "/calico/felix/w", access: .readwrite),
    Clients.Use(user: "last", key: "/z/l", access: .read),
  ]

  private func go(
    _ stage: Stage, _ cluster: TestCluster, _ etcd: EtcdClient, watch: Duration = .seconds(1)
  ) async throws -> WatchedRemoval.Outcome? {
    let state = try await ClusterState.observe(etcd)
    let whole = plan(state)
    switch stage {
    case .prepare:
      try await Apply(etcd).run(try whole.preparing(shared: ["all"], from: state), desired: desired)
    case .switch: #expect(try whole.switching(shared: ["all"], from: state).isEmpty)
    case .clean:
      try await Apply(etcd).run(
        try whole.cleaning(shared: ["all"], from: state, desired, applicant: "root"), desired: desired)
      let root = try cluster.credentials(of: "root")
      let removal = WatchedRemoval(etcd, try await ClusterMembers.read(etcd, as: root), as: root)
      return try await removal.remove(try await removal.current(["all"]), WatchRequest(for: watch))
    }
    return nil
  }

  /// Turns authentication on, and returns how many requests the members refused at that moment.
  private func turnOn(_ cluster: TestCluster, _ etcd: EtcdClient) async throws -> Int? {
    let outcome = try await EnableAuth(etcd, as: try cluster.credentials(of: "root")).run(
      EnableAuth.Request(applicant: "root", desired: desired), state: try await ClusterState.observe(etcd),
      secret: secret)
    return if case .turnedOn(let refused, _, _) = outcome { refused } else { nil }
  }

  /// Refusals that Bulkhead cannot prevent: etcd refuses a request that is in flight at the moment of the
  /// switch, without applying it, because it carries no user. So each client is refused at most once: its
  /// retry succeeds, or ``Clients/stop()`` throws.
  private func expectServed(_ errors: [EtcdError], atMost count: Int) {
    #expect(
      errors.allSatisfy { $0.code == .noIdentity && $0.message == "etcdserver: user name is empty" },
      "\(errors)")
    #expect(errors.count <= count)
  }

  @Test(
    "from an open cluster: no request is refused, and afterwards the old certificate has no access",
    .realEtcd, arguments: EtcdRelease.main)
  func open(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.connect { etcd in
        let clients = try Clients.start(Self.uses, of: cluster)
        let shared = (1...12).map {
          Clients.Use(user: "all", key: Key("/calico/old-\($0)"), access: .readwrite)
        }
        let old = try Clients.start(shared, of: cluster)
        _ = try await go(.prepare, cluster, etcd)
        _ = try await go(.switch, cluster, etcd)
        let refused = try #require(try await turnOn(cluster, etcd))
        // Its programs switch to their own certificates.
        let errors = try await old.stop()
        expectServed(errors, atMost: shared.count)
        #expect(try await go(.clean, cluster, etcd) == .removed)
        let others = try await clients.stop()
        expectServed(others, atMost: Self.uses.count)
        // The members' own counters agree.
        #expect(refused == errors.count + others.count)
        #expect(try await cluster.plan(.sample).isEmpty)
      }
      try await cluster.connect(as: "all") { etcd in
        #expect(await etcd.mayRead(.key("/calico/old-1")) == .denied)
      }
    }
  }

  @Test(
    "with one shared user: no request is refused, and the user is restored if a client still uses it",
    .realEtcd, arguments: EtcdRelease.one)
  func shared(release: EtcdRelease) async throws {
    try await TestCluster.with(release, members: 3) { cluster in
      try await cluster.secure()
      try await cluster.bash([
        "etcdctl role add everything", "etcdctl role grant-permission everything readwrite '' --prefix",
        "etcdctl user add all --no-password", "etcdctl user grant-role all everything",
      ])
      try await cluster.connect { etcd in
        let old = try Clients.start([.init(user: "all", key: "/calico/old", access: .readwrite)], of: cluster)
        _ = try await go(.prepare, cluster, etcd)
        let clients = try Clients.start(Self.uses, of: cluster)
        _ = try await go(.switch, cluster, etcd)
        guard case .givenBack(let refused) = try await go(.clean, cluster, etcd) else {
          Issue.record("the user went although it was in use")
          return
        }
        #expect(refused > 0)
        #expect(try await etcd.roles(ofUser: "all") == ["everything"])
        #expect(try await old.stop().allSatisfy { $0.code == .permissionDenied })
        #expect(try await go(.clean, cluster, etcd) == .removed)
        #expect(try await go(.clean, cluster, etcd) == .wasNotThere)
        expectServed(try await clients.stop(), atMost: 0)
      }
    }
  }
}
