import Etcd
import Foundation
import TestClusters
import Testing
import ThrowawayEtcd

@Suite("Throw-away clusters", .realEtcd, .timeLimit(.minutes(30)))
struct ThrowawayEtcdTests {
  @Test(
    "every release that the tests need is installed",
    .enabled(
      if: EtcdRelease.isCI || EtcdRelease.missing.isEmpty,
      "missing: \(EtcdRelease.missing.map(\.version).joined(separator: ", ")); tools/need-tests installs them"
    ))
  func allReleases() {
    #expect(EtcdRelease.missing.isEmpty)
  }

  @Test("three members form one cluster of the requested release", arguments: EtcdRelease.main)
  func threeMembers(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release, members: 3)
    try await cluster.connect { etcd in
      #expect(Set(try await etcd.members().map(\.name)) == ["etcd-1", "etcd-2", "etcd-3"])
      for endpoint in etcd.endpoints {
        let status = try await etcd.only(endpoint).status()
        #expect("\(status.version)" == release.version)
        #expect(status.hasLeader)
      }
    }
  }

  @Test(
    "stopping the cluster ends stopped, crashed and paused members",
    arguments: EtcdRelease.one)
  func nothingIsLeft(release: EtcdRelease) async throws {
    let members = try await TestCluster.with(release, members: 3) { cluster in
      cluster.etcd.members[0].crash()
      #expect(!cluster.etcd.members[0].isRunning)
      cluster.etcd.members[1].pause()
      return cluster.etcd.members
    }
    for member in members { #expect(!member.isRunning) }
  }

  @Test("a program other than etcd is an error with the end of its log", arguments: EtcdRelease.one)
  func notAnEtcd(release: EtcdRelease) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: unique("bulkhead-no-etcd")).path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    await #expect(throws: ThrowawayEtcdError.self) {
      _ = try await ThrowawayEtcd.start(members: 1, binary: "/bin/false", in: folder)
    }
    await #expect(throws: ThrowawayEtcdError.self) {
      _ = try await ThrowawayEtcd.start(members: 1, binary: "no-such-etcd", in: folder)
    }
  }
}
