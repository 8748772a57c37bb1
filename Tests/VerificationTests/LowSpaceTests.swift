import Etcd
import Keyspace
import Segmentation
import TestClusters
import Testing
import ThrowawayEtcd

@testable import Verification

@Suite("Verifying a store that is nearly full", .realEtcd, .timeLimit(.minutes(30)))
struct LowSpaceTests {
  @Test("sends no write probes, and raises no alarm", arguments: EtcdRelease.main)
  func nearlyFull(release: EtcdRelease) async throws {
    var options = ThrowawayEtcd.Options()
    options.quotaBackendBytes = 4 << 20
    try await TestCluster.with(release, options: options) { cluster in
      try await cluster.segment(.sample)
      #expect(
        try await cluster.assess().members.allSatisfy { member in
          if case .enough(_, quota: 4 << 20) = member.space { true } else { false }
        })
      // Until the file is nearly as large as allowed; one more write would raise the alarm. A member knows
      // the size only after each commit, every 100 ms.
      try await cluster.connect { etcd in
        for _ in 0..<30 {
          try await etcd.put([UInt8](repeating: 7, count: 90_000), at: "/calico/ipam/filler")
        }
        try await Task.sleep(for: .milliseconds(250))
        while try await etcd.status().databaseSize < 96 * (4 << 20) / 100 {
          try await etcd.put([UInt8](repeating: 7, count: 30_000), at: "/calico/ipam/filler")
          try await Task.sleep(for: .milliseconds(110))
        }
      }
      let assessment = try await cluster.assess()
      #expect(assessment.members.allSatisfy { !$0.hasRoom } && assessment.alarms.isEmpty)
      #expect(!assessment.isTrustworthy())
      let before = try await entries(cluster)
      let results = try await cluster.verify(.sample, assessment: assessment)
      for result in results {
        if case .write = result.probe.question {
          #expect(result.verdict == .inconclusive)
        } else {
          #expect(result.verdict == .asExpected, "\(result)")
        }
      }
      let seen = try await assessment.lookingForVulnerabilities(
        as: Asker(
          name: "node", permissions: Segmentation.sample.permissions(of: Segmentation.sample.identities[1]),
          credentials: try cluster.credentials(of: "node")))
      #expect(!seen.sightings.isEmpty && !seen.sightings.contains { $0.request.contains("Txn") })
      #expect(try await cluster.connect { try await $0.alarms() }.isEmpty)
      // Listing the users and the requests for compaction and alarms go through the log, nothing else does.
      #expect(try await entries(cluster) - before < 12)
    }
  }

  @Test("sends write probes if there is no quota", arguments: EtcdRelease.one)
  func noLimit(release: EtcdRelease) async throws {
    var options = ThrowawayEtcd.Options()
    options.quotaBackendBytes = -1
    try await TestCluster.with(release, options: options) { cluster in
      try await cluster.segment(.sample)
      #expect(try await cluster.assess().members.allSatisfy(\.hasRoom))
      #expect(wrong(try await cluster.verify(.sample)) == [])
    }
  }

  private func entries(_ cluster: TestCluster) async throws -> Double {
    try await Metrics.read(from: cluster.etcd.endpoints[0], as: cluster.credentials(of: "root"))
      .values["etcd_server_proposals_committed_total"] ?? -1
  }
}
