import Discovery
import Etcd
import Names
import TestClusters
import Testing
import ThrowawayEtcd

@Suite(.realEtcd, .timeLimit(.minutes(10))) struct RunningEtcdTests {
  /// One member is asked, all are found; authentication is seen as it is, with a certificate of no importance.
  @Test(arguments: [EtcdRelease.client.first, EtcdRelease.client.last].compactMap(\.self))
  func oneMemberIsAskedAndAllAreFound(release: EtcdRelease) async throws {
    try await TestCluster.with(release, members: 3) { cluster in
      let first = cluster.etcd.endpoints[0]
      let before = try await RunningEtcd.ask(at: first, as: cluster.etcd.root, timeout: .seconds(60))
      #expect(before.askedAt == "\(first)" && !before.isAuthEnabled)
      #expect(before.versions.count == 1 && before.versions[0].hasPrefix("3."), "\(before.versions)")
      // Members that advertise loopback addresses cannot be endpoints for other hosts.
      #expect(before.endpoints.isEmpty && before.membersWithoutURL.count == 3, "\(before)")
      try await cluster.secure()
      let after = try await RunningEtcd.ask(at: first, as: cluster.etcd.root, timeout: .seconds(60))
      #expect(after.isAuthEnabled)
    }
  }
}
