import Etcd
import Keyspace
import Segmentation
import TestClusters
import Testing
import ThrowawayEtcd

@testable import Verification

@Suite("Verifying a live cluster", .realEtcd, .timeLimit(.minutes(30)))
struct VerifyTests {
  private func check(_ release: EtcdRelease, members: Int) async throws {
    try await TestCluster.with(release, members: members) { cluster in
      try await cluster.segment(.sample)
      let revision = try await cluster.connect { etcd in
        try await etcd.put([1], at: "/calico/ipam/x")
        return try await etcd.revision()
      }
      let results = try await cluster.verify(.sample)
      #expect(
        results.count == ProbePlan(for: .sample, withStreams: release.version.hasPrefix("3.7")).probes.count
          * members)
      #expect(wrong(results) == [])
      #expect(try await cluster.connect { try await $0.revision() } == revision)

      // Each fault made by hand is found, and nothing else.
      try await cluster.etcdctl("role", "revoke-permission", "node", "/calico/ready")
      #expect(
        wrong(try await cluster.verify(.sample)).subtracting(["node: stream /calico/ready"])
          == ["node: read /calico/ready", "node: watch /calico/ready"])
      try await cluster.etcdctl("role", "grant-permission", "node", "readwrite", "/calico/ready")
      #expect(wrong(try await cluster.verify(.sample)) == ["node: write /calico/ready"])
      try await cluster.etcdctl("role", "grant-permission", "node", "read", "/calico/ready")
      #expect(wrong(try await cluster.verify(.sample)) == [])
      try await cluster.etcdctl("user", "grant-role", "writer", "common")
      let linked = wrong(try await cluster.verify(.sample))
      #expect(
        linked.isSuperset(of: ["writer: read /calico/resources/*", "writer: watch /calico/resources/*"]))
      #expect(
        linked.allSatisfy { $0.hasPrefix("writer: ") && $0.contains("/calico/resources/") }, "\(linked)")
      #expect(!linked.contains { $0.contains(": write") })
    }
  }

  @Test(
    "one member: all is as expected, then the manual changes are found",
    arguments: EtcdRelease.all + EtcdRelease.newest.suffix(1))
  func one(release: EtcdRelease) async throws { try await check(release, members: 1) }

  @Test(
    "three members: all is as expected, then the manual changes are found", arguments: EtcdRelease.main)
  func three(release: EtcdRelease) async throws { try await check(release, members: 3) }

  @Test("with authentication off everything is allowed, which is wrong", arguments: EtcdRelease.main)
  func authOff(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      let results = try await cluster.verify(.sample)
      for result in results {
        #expect(result.answer == .allowed, "\(result.probe)")
        #expect(result.verdict == (result.probe.isAllowed ? .asExpected : .wrong))
      }
      #expect(!wrong(results).isEmpty)
    }
  }

  @Test("an unreachable member is inconclusive", arguments: EtcdRelease.one)
  func away(release: EtcdRelease) async throws {
    try await TestCluster.with(release, members: 3) { cluster in
      try await cluster.segment(.sample)
      let assessment = try await cluster.assess()
      cluster.etcd.members[1].crash()
      let after = try await cluster.assess()
      #expect(after.members.map(\.name) == ["etcd-1", "etcd-3"])
      #expect(after.cluster?.asked == "2 of 3 members: etcd-2 is unreachable")
      #expect(wrong(try await cluster.verify(.sample, assessment: after)) == [])
      // It died after the assessment: its answers are inconclusive, the other members are judged.
      let results = try await cluster.verify(.sample, assessment: assessment, timeout: .seconds(3))
      for result in results {
        let isAway = result.endpoint == cluster.etcd.endpoints[1]
        #expect(result.verdict == (isAway ? .inconclusive : .asExpected), "\(result)")
      }
    }
  }

  @Test("a hanging member is waited for only once", arguments: EtcdRelease.one)
  func silent(release: EtcdRelease) async throws {
    try await TestCluster.with(release, members: 3) { cluster in
      try await cluster.segment(.sample)
      let assessment = try await cluster.assess()
      cluster.etcd.members[2].pause()
      let time = try await duration {
        let results = try await cluster.verify(.sample, assessment: assessment, timeout: .seconds(3))
        let open = results.filter { $0.verdict == .inconclusive }
        #expect(Set(open.map(\.endpoint)) == [cluster.etcd.endpoints[2]])
        #expect(open.count * 3 == results.count)
        #expect(results.allSatisfy { $0.verdict != .wrong })
      }
      // Two identities, each probed twice at most.
      #expect(time < .seconds(24), "\(time)")
      cluster.etcd.members[2].resume()
    }
  }
}
