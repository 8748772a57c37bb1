import Etcd
import Keyspace
import Segmentation
import Synchronization
import TestClusters
import TestSupport
import Testing
import ThrowawayEtcd

@testable import Reconciliation

@Suite("Applying while members fail", .realEtcd, .timeLimit(.minutes(30)))
struct FaultTests {
  /// A role with many grants, so that the fault happens in the middle.
  private static let large = Segmentation.of(
    (0..<4).map { user in
      ("user-\(user)", (0..<20).map { Grant(.prefix(Key("/calico/\(user)/\($0)/")), .readwrite) })
    })

  private func apply(_ cluster: TestCluster, timeout: Duration, fault: @escaping @Sendable () -> Void)
    async throws
  {
    try await cluster.secure()
    try await cluster.connect(timeout: timeout) { etcd in
      let plan = try await TestCluster.plan(etcd, Self.large)
      let once = Atomic(false)
      try await Apply(etcd).run(plan, desired: DesiredState(Self.large)) { progress in
        if progress.done >= 30, !once.exchange(true, ordering: .relaxed) { fault() }
      }
      #expect(try await TestCluster.plan(etcd, Self.large).isEmpty)
    }
  }

  @Test("continues if the member that it writes to is killed", arguments: EtcdRelease.main)
  func killed(release: EtcdRelease) async throws {
    try await TestCluster.with(release, members: 3) { cluster in
      try await apply(cluster, timeout: .seconds(8)) { cluster.etcd.members[0].crash() }
    }
  }

  @Test("continues if the leader hangs", arguments: EtcdRelease.main)
  func pausedLeader(release: EtcdRelease) async throws {
    try await TestCluster.with(release, members: 3) { cluster in
      let leader = try await cluster.leader()
      try await apply(cluster, timeout: .seconds(3)) { leader.pause() }
      leader.resume()
      // Writes that the hanging leader still had are not applied later: it has applied what the others have, and has
      // none of its own left.
      let root = try cluster.credentials(of: "root")
      func values(_ member: MemberProcess) async throws -> [String: Double] {
        try await Metrics.read(from: member.endpoint, as: root).values
      }
      let isCurrent = try await eventually {
        var applied: Double = 0
        for member in cluster.etcd.members where member.endpoint != leader.endpoint {
          applied = max(applied, try await values(member)["etcd_server_proposals_applied_total"] ?? .infinity)
        }
        let own = try await values(leader)
        return own["etcd_server_proposals_applied_total"] ?? 0 >= applied
          && own["etcd_server_proposals_pending"] == 0
      }
      #expect(isCurrent)
      #expect(try await cluster.plan(Self.large).isEmpty)
    }
  }

  @Test(
    "without a majority it stops with a hint, and the next run completes it",
    arguments: EtcdRelease.one)
  func noMajority(release: EtcdRelease) async throws {
    try await TestCluster.with(release, members: 3) { cluster in
      let error = await #expect(throws: (any Error).self) {
        try await apply(cluster, timeout: .seconds(1)) {
          for member in cluster.etcd.members[1...] { member.pause() }
        }
      }
      guard case .stopped(let done, _, _, _) = error as? ApplyError else {
        Issue.record("ended with \(String(describing: error))")
        return
      }
      #expect(done >= 30)
      for member in cluster.etcd.members { member.resume() }
      // Changes in flight are applied or not; both are correct. The members need time to elect a leader.
      let isApplied = try await eventually { (try? await cluster.apply(Self.large)) != nil }
      #expect(isApplied)
      #expect(try await cluster.plan(Self.large).isEmpty)
    }
  }
}

extension TestCluster {
  fileprivate func leader() async throws -> MemberProcess {
    let credentials = try credentials(of: "root")
    for member in etcd.members {
      let metrics = try await Metrics.read(from: member.endpoint, as: credentials)
      if metrics.values["etcd_server_is_leader"] == 1 { return member }
    }
    throw ThrowawayEtcdMissingLeader()
  }
}

private struct ThrowawayEtcdMissingLeader: Error {}
