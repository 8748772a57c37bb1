import Catalogue
import Etcd
import Keyspace
import Segmentation
import TestSupport
import Testing

@testable import Reconciliation

@Suite("The fewest grants")
struct FewestGrantsTests {
  @Test("allow exactly what the original grants allow, and are never more of them")
  func property() {
    for seed in 1...3000 {
      var dice = SeededGenerator(seed: seed)
      let grants = dice.grants(0...8)
      let others = dice.grants(0...4)
      let fewest = FewestGrants.allowing(grants, besides: Permissions(others))
      let allowed = Permissions(fewest.map(\.grant) + others)
      #expect(allowed == Permissions(grants + others), "seed \(seed)")
      #expect(fewest.count <= grants.count, "seed \(seed)")
    }
  }

  @Test("adjacent ranges are merged, and ranges that other roles allow are left out")
  func examples() {
    let grants = [
      Grant(.prefix("/a"), .read), Grant(.prefix("/b"), .read), Grant(.key("/a/x"), .readwrite),
      Grant(.prefix("/c"), .readwrite),
    ]
    #expect(
      FewestGrants.allowing(grants, besides: Permissions([])) == [
        Permission(.read, KeyRange(from: "/a", to: "/d")), Permission(.readwrite, .key("/a/x")),
        Permission(.readwrite, .prefix("/c")),
      ])
    #expect(
      FewestGrants.allowing(grants, besides: Permissions([Grant(.prefix("/"), .read)])) == [
        Permission(.readwrite, .key("/a/x")), Permission(.readwrite, .prefix("/c")),
      ])
    #expect(
      FewestGrants.allowing([Grant(.key("/k"), .write)], besides: Permissions([]))
        == [Permission(.write, .key("/k"))])
  }

  @Test(
    "users of nodes keep exactly their access, and roles of other users keep the table's form"
  )
  func nodeUsers() throws {
    let catalogue = try Catalogue.embedded()
    let text = """
      apiVersion: bulkhead/v1
      kind: Segmentation
      cluster: c
      calico: {version: v3.32.1}
      etcd: {endpoints: ["https://127.0.0.1:2379"], ca: ca, certificate: crt, key: key}
      isolation: node-user
      components: [calico-node, cni-plugin, kube-controllers]
      nodes: [n1, n2]
      """
    let file = try SegmentationFile(text, file: "bulkhead.yaml", catalogue: catalogue)
    let segmentation = try Segmentation(file, catalogue: catalogue)
    let desired = DesiredState(segmentation)
    let written = Dictionary(uniqueKeysWithValues: desired.roles.map { ($0.name, $0.permissions) })
    for identity in segmentation.identities where !identity.isRoot {
      let etcds = Permissions(identity.roles.flatMap { written[$0] ?? [] }.map(\.grant))
      #expect(etcds == segmentation.permissions(of: identity), "\(identity.user)")
    }
    let lines = { (role: String) in segmentation[role: role]?.grants.count ?? 0 }
    #expect(written["kube-controllers"]?.count == lines("kube-controllers"))
    for role in ["calico-node", "cni-plugin", "calico-node.n1", "cni-plugin.n2"] {
      #expect(written[role]?.count ?? 99 <= lines(role))
    }
  }
}
