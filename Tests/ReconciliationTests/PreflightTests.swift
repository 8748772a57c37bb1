import Etcd
import Keyspace
import Segmentation
import TestClusters
import Testing
import ThrowawayEtcd

@testable import Reconciliation

@Suite("Before authentication is turned on")
struct PreflightTests {
  @Test("an identity without a user, without a role or with an incomplete role would be locked out")
  func lockedOut() {
    let desired = DesiredState(.sample)
    var state = ClusterState()
    for change in Plan(from: state, to: desired, applicant: nil).changes { state.make(change) }
    #expect(Preflight.lockedOut(desired, state, shared: nil).isEmpty)
    #expect(
      Preflight.lockedOut(desired, state, shared: "all") == [
        .init(user: "all", reason: "the shared certificate's, there is no such user")
      ])
    #expect(Preflight.lockedOut(desired, state, shared: "node").isEmpty)
    state.users["node"] = nil
    state.users["writer"]?.roles = []
    state.roles["last"]?.removeLast()
    #expect(
      Preflight.lockedOut(desired, state, shared: nil) == [
        .init(user: "node", reason: "there is no such user"),
        .init(user: "writer", reason: "lacks the role writer"),
        .init(user: "last", reason: "its role last lacks grants"),
      ])
  }

  @Test(
    "reports all obstacles at once, and none after they are removed", .realEtcd,
    arguments: EtcdRelease.one)
  func obstacles(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.etcdctl("put", "/registry/pods/shop/web", "a pod")
      func check(_ segmentation: Segmentation) async throws -> Preflight {
        let state = try await cluster.state()
        let credentials = try cluster.credentials(of: "root")
        return try await cluster.connect { etcd in
          for _ in 1..<5 {
            let preflight = try await Preflight.check(
              etcd, as: credentials, desired: DesiredState(segmentation), state: state, applicant: "root")
            // On a busy machine the member may not answer in time.
            if preflight.unseen.isEmpty { return preflight }
          }
          throw NotSeen()
        }
      }
      let bare = try await check(.sample)
      #expect(bare.obstacles == [.noRootUser, .kubernetesWouldBeLockedOut] && !bare.isSafe)
      #expect(bare.lockedOut.map(\.user) == ["root", "node", "writer", "last"])
      let kubernetes = Segmentation.of([], apiserver: "kube")
      try await cluster.apply(kubernetes)
      let prepared = try await check(kubernetes)
      #expect(prepared.isSafe && prepared.nearlyFull.isEmpty)
      #expect(prepared.impersonations.isEmpty)
      #expect(try await !check(.sample).isSafe)

      // The member's own certificate names a user: of the file, then only of etcd.
      let member = try #require(cluster.etcd.members.first?.name)
      let name = "etcd-peer \(member)"
      let own = Segmentation.of([(name, [Grant(.prefix("/a/"), .read)])], apiserver: "kube")
      let impersonation = Preflight.Impersonation(member: member, user: name)
      #expect(try await check(own).impersonations == [impersonation])
      try await cluster.etcdctl("user", "add", name, "--no-password")
      let foreign = try await check(kubernetes)
      #expect(foreign.impersonations == [impersonation] && !foreign.isSafe)
      #expect(foreign.obstacles.isEmpty && foreign.lockedOut.isEmpty)
    }
  }

  private struct NotSeen: Error {}

  private static let pods = """
    {"apiVersion": "v1", "kind": "List", "items": [
      {"kind": "Pod", "metadata": {"name": "node-1", "namespace": "kube-system"}, "status": {"phase": "Running"},
       "spec": {"containers": [], "volumes": [{"name": "certs", "secret": {"secretName": "calico-etcd-secrets"}}]}},
      {"kind": "Pod", "metadata": {"name": "done", "namespace": "kube-system"}, "status": {"phase": "Succeeded"},
       "spec": {"containers": [], "volumes": [{"name": "certs", "secret": {"secretName": "calico-etcd-secrets"}}]}},
      {"kind": "Pod", "metadata": {"name": "new", "namespace": "kube-system"}, "status": {"phase": "Running"},
       "spec": {"containers": [], "volumes": [{"name": "certs", "secret": {"secretName": "calico-node-etcd"}}]}},
      {"kind": "Pod", "metadata": {"name": "projected", "namespace": "a"},
       "spec": {"containers": [], "volumes": [
         {"name": "all", "projected": {"sources": [{"configMap": {"name": "c"}}, {"secret": {"name": "calico-etcd-secrets"}}]}}]}},
      {"kind": "Pod", "metadata": {"name": "tool"}, "spec": {"containers": [
         {"name": "c", "env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "calico-etcd-secrets", "key": "k"}}}]}]}}
    ]}
    """

  @Test("finds pods that use a Secret in any way, except pods that have ended")
  func podUses() throws {
    let uses = try PodUses(ofSecret: "calico-etcd-secrets", in: Array(Self.pods.utf8))
    #expect(uses.pods == ["a/projected", "default/tool", "kube-system/node-1"])
    #expect(try PodUses(ofSecret: "other", in: Array(Self.pods.utf8)).pods.isEmpty)
    for text in ["", "[]", "{}", #"{"kind": "Secret", "items": []}"#, #"{"kind": "List"}"#] {
      #expect(throws: PodListFault()) { try PodUses(ofSecret: "x", in: Array(text.utf8)) }
    }
  }
}
