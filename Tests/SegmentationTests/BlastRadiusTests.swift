import Keyspace
import Testing

@testable import Segmentation

@Suite struct BlastRadiusTests {
  @Test func reachableKeysAreReportedByName() throws {
    let radius = try segmentation().blastRadius(of: "cni-plugin")
    let reaches = Dictionary(uniqueKeysWithValues: radius.reaches.map { ($0.name, $0) })
    #expect(reaches["WorkloadEndpoints"]?.writes == .all)
    #expect(reaches["IPPools"]?.reads == .all && reaches["IPPools"]?.writes == BlastRadius.Extent.none)
    #expect(reaches["ClusterInformations"]?.reads == .some)
    #expect(reaches["IPAM blocks"]?.writes == .all)
    #expect(reaches["Tiers"] == nil && reaches["Kubernetes secrets"] == nil)
    #expect(!radius.isRoot && radius.shared.isEmpty)
  }

  @Test func rootReachesEveryPartOfTheKeyspace() throws {
    let radius = try segmentation().blastRadius(of: "root")
    #expect(radius.isRoot)
    #expect(radius.reaches.count == KeyNames.standard.parts.count)
    #expect(radius.reaches.allSatisfy { $0.reads == .all && $0.writes == .all })
    #expect(KeyRangeSet(radius.reaches.flatMap(\.readable.ranges)) == KeyRangeSet([.everything]))
  }

  @Test func theKeysOfAClusterAreCounted() throws {
    let keys: [Key] = [
      "/registry/secrets/a/b", Key("\(v3)tiers/default"), Key("\(v3)nodes/n1"), "/calico/ipam/v2/config",
    ]
    let tally = try segmentation().blastRadius(of: "cni-plugin").tally(of: keys)
    #expect([tally.keys, tally.readable, tally.writable, tally.singleUser] == [4, 2, 1, 3])
  }

  @Test func aNodesUserListsWhatItSharesWithOthersAndWhy() throws {
    let segmentation = try segmentation(NodeIsolationTests.components + "isolation: node-user")
    let radius = try segmentation.blastRadius(of: "calico-node.n1")
    let shared = radius.shared.map { "\($0.line.grant.range)" }
    #expect(shared.contains("/calico/ipam/v2/assignment/*") && shared.contains("\(v3)tiers/default"))
    #expect(!shared.contains("\(v3)nodes/n1"))
    #expect(radius.shared.allSatisfy { !($0.line.whyShared ?? $0.line.why).isEmpty })
    let affinities = try #require(radius.reaches.first { $0.name == "IPAM block affinities" })
    #expect(affinities.writable.ranges == [.prefix("/calico/ipam/v2/host/n1/")])
  }

  @Test func thereIsOneForEveryIdentity() throws {
    let segmentation = try segmentation(ResolveTests.demo)
    #expect(segmentation.blastRadii.map(\.identity) == segmentation.identities)
    #expect(throws: UnknownIdentity.self) { try segmentation.blastRadius(of: "nobody") }
  }
}
