import Catalogue
import Keyspace
import Testing

@testable import Segmentation

/// `calico.also`: nodes of two releases run at the same time, as during a rolling upgrade and on the way back.
@Suite("several releases of Calico in use") struct ReleasesInUseTests {
  private static func file(_ version: String, also: String = "", isolation: String = "node-user") -> String {
    """
    apiVersion: bulkhead/v1
    kind: Segmentation
    cluster: c
    calico: {version: \(version), also: [\(also)]}
    etcd: {endpoints: [https://10.0.0.11:2379], ca: a, certificate: b, key: c}
    components: [calico-node, cni-plugin, kube-controllers]
    isolation: \(isolation)
    nodes: [n1, n2]

    """
  }

  private func segmentation(_ text: String) throws -> Segmentation {
    try Segmentation(try read(text), catalogue: catalogue())
  }

  @Test("each identity has what any of the releases needs", arguments: ["node-user", "component"])
  func union(isolation: String) throws {
    let old = try segmentation(Self.file("v3.29.7", isolation: isolation))
    let new = try segmentation(Self.file("v3.32.1", isolation: isolation))
    let both = try segmentation(Self.file("v3.32.1", also: "v3.29.7", isolation: isolation))
    #expect(both.identities.map(\.user) == new.identities.map(\.user))
    for identity in both.identities where !identity.isRoot {
      let allowed = both.permissions(of: identity)
      for alone in [old, new] {
        let needed = alone.permissions(of: try #require(alone[identity: identity.user]))
        #expect(needed.readable.subtracting(allowed.readable).isEmpty, "\(identity.user)")
        #expect(needed.writable.subtracting(allowed.writable).isEmpty, "\(identity.user)")
      }
      let sum = [old, new].compactMap { one in one[identity: identity.user].map(one.permissions(of:)) }
      #expect(
        allowed.writable.subtracting(sum.reduce(KeyRangeSet([])) { $0.union($1.writable) }).isEmpty,
        "\(identity.user) has more than the two releases need")
    }
  }

  @Test("the order of the releases changes the reasons and not the access")
  func wayBack() throws {
    let there = try segmentation(Self.file("v3.32.1", also: "v3.29.7"))
    let back = try segmentation(Self.file("v3.29.7", also: "v3.32.1"))
    for identity in there.identities {
      let other = try #require(back[identity: identity.user])
      #expect(there.permissions(of: identity) == back.permissions(of: other), "\(identity.user)")
    }
  }

  @Test("what only the older release needs is told, in the role and by lint")
  func told() throws {
    let file = try read(Self.file("v3.32.1", also: "v3.29.7"))
    let segmentation = try Segmentation(file, catalogue: catalogue())
    let old = segmentation.roles.flatMap(\.grants).filter { $0.why.hasSuffix(" (only v3.29)") }
    #expect(old.map { "\($0.grant)" }.contains("readwrite \(v3)tiers/adminnetworkpolicy"))
    let finding = try #require(
      InstallationLint.findings(file, catalogue: catalogue()).first { $0.rule.id == "BH039" })
    #expect(finding.details.contains { $0.contains("tiers/adminnetworkpolicy") })
    #expect(
      try !InstallationLint.findings(read(Self.file("v3.32.1")), catalogue: catalogue()).contains {
        $0.rule.id == "BH039"
      })
  }

  @Test("a release twice, or one that the catalogue does not know, is a fault")
  func faulty() throws {
    #expect(try faults(Self.file("v3.32.1", also: "v3.32.2")).count == 1)
    #expect(try faults(Self.file("v3.32.1", also: "v3.29.1, v3.29.7")).count == 1)
    #expect(try faults(Self.file("v3.32.1", also: "v3.19.0")).count == 1)
    #expect(try faults(Self.file("v3.32.1", also: "v3.31.7, v3.29.7")) == [])
  }
}
