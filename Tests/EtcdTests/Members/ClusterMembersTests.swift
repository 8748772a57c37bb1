import Foundation
import Keyspace
import Names
import TestClusters
import TestSupport
import Testing
import ThrowawayEtcd

@testable import Etcd

@Suite("The members of a cluster", .realEtcd, .timeLimit(.minutes(30)))
struct ClusterMembersTests {
  private func read(
    _ cluster: TestCluster, through endpoints: [Endpoint]? = nil
  ) async throws -> ClusterMembers {
    let root = try cluster.credentials(of: "root")
    return try await EtcdClient.connect(to: endpoints ?? cluster.etcd.endpoints, as: root) {
      try await ClusterMembers.read($0, as: root)
    }
  }

  @Test("are read from the member list, whichever endpoints the file lists", arguments: EtcdRelease.client)
  func all(release: EtcdRelease) async throws {
    try await TestCluster.with(release, members: 3) { cluster in
      try await cluster.secure()
      let endpoints = cluster.etcd.endpoints
      let root = try cluster.credentials(of: "root")
      let members = try await read(cluster)
      #expect(members.all.map(\.name) == ["etcd-1", "etcd-2", "etcd-3"] && members.notes.isEmpty)
      #expect(members.all.allSatisfy { $0.version?.description == release.version })
      #expect(members.endpoints == endpoints && members.asked == "3 of 3 members")
      #expect(members.all.map(\.peerURLs.count) == [1, 1, 1])
      let agreement = try await members.agreement(as: root)
      #expect(agreement.refusal == nil)
      guard case .same = agreement.authRevision, case .same = agreement.keyValueHash else {
        Issue.record("\(agreement)")
        return
      }

      // One endpoint listed, under two names.
      let localhost = try Endpoint("https://localhost:\(endpoints[1].port)")
      let few = try await read(cluster, through: [localhost, endpoints[1]])
      // A member is asked at an address that it advertises.
      #expect(few.asked == "3 of 3 members" && few.endpoints == endpoints)
      #expect(
        Set(few.notes) == [
          .notInFile("etcd-1", answersAt: endpoints[0]),
          .severalEndpoints("etcd-2", [localhost, endpoints[1]]),
          .notInFile("etcd-3", answersAt: endpoints[2]),
        ])

      // A TCP proxy that connects to each member in turn.
      let proxy = try SpreadingProxy(to: endpoints.map(\.port))
      defer { proxy.end() }
      let way = try Endpoint("https://127.0.0.1:\(proxy.port)")
      let balanced = try await read(cluster, through: [way])
      #expect(balanced.asked == "3 of 3 members")
      #expect(balanced.notes.contains(.balanced(way, members: ["etcd-1", "etcd-2", "etcd-3"])))
      #expect(balanced.all.allSatisfy { $0.endpointsInFile.isEmpty })
      #expect(
        try await EtcdClient.connectToMembers(behind: [way], as: root) { etcd, _ in etcd.endpoints }
          == endpoints)
      // One that leads to the first member now, and may lead to another later.
      let one = try SpreadingProxy(to: [endpoints[0].port])
      defer { one.end() }
      let through = try await read(cluster, through: [try Endpoint("https://127.0.0.1:\(one.port)")])
      #expect(through.endpoints == endpoints && through.all[0].endpointsInFile.count == 1)

      cluster.etcd.members[2].crash()
      let two = try await read(cluster)
      #expect(two.asked == "2 of 3 members: etcd-3 is unreachable")
      #expect(two.unreachable.map(\.problem) == ["connection refused by 127.0.0.1:\(endpoints[2].port)"])
    }
  }

  @Test("of another cluster are refused", arguments: EtcdRelease.one)
  func otherCluster(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { one in
      // Another cluster that accepts the same client certificates.
      let folder = try TemporaryFolder()
      let files = FileManager.default
      try files.copyItem(atPath: one.etcd.clientAuthority, toPath: "\(folder.path)/pki")
      let other = try await ThrowawayEtcd.start(members: 1, binary: release.server, in: folder.path)
      defer { other.stop() }
      let both = "\(folder.path)/both.crt"
      let authorities = try [one.etcd.serverAuthority, other.serverAuthority].map {
        try String(contentsOfFile: $0, encoding: .utf8)
      }
      try authorities.joined().write(toFile: both, atomically: true, encoding: .utf8)
      let root = try one.credentials(of: "root")
      let trustsBoth = ClientCredentials(authority: both, certificate: root.certificate, key: root.key)
      let endpoints = one.etcd.endpoints + other.endpoints
      let refusal = await #expect(throws: EndpointsRefusal.self) {
        try await EtcdClient.connect(to: endpoints, as: trustsBoth) {
          try await ClusterMembers.read($0, as: trustsBoth)
        }
      }
      #expect(refusal?.description.hasPrefix("\(other.endpoints[0]) leads to the etcd cluster ") == true)
    }
  }

  @Test("include learners, which are left out of every question", arguments: EtcdRelease.client)
  func learners(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.secure()
      let learner = try await cluster.addLearner("etcd-9")
      defer { learner.stop() }
      // The learner comes first in the file.
      let members = try await read(cluster, through: [learner.endpoint] + cluster.etcd.endpoints)
      #expect(members.asked == "1 of 1 member" && members.learners.map(\.name) == ["etcd-9"])
      #expect(members.notes == [.learner("etcd-9")])
      #expect(members.versions.allSatisfy { $0?.description == release.version })
      let root = try cluster.credentials(of: "root")
      try await EtcdClient.connect(to: [learner.endpoint] + cluster.etcd.endpoints, as: root) {
        etcd async throws in
        #expect(try await etcd.isAuthEnabled())
        #expect(try await etcd.users() == ["root"])
        try await etcd.put([1], at: "/through-a-learner")
      }
      try await EtcdClient.connect(to: [learner.endpoint], as: root) { etcd async throws in
        #expect(try await failure { _ = try await etcd.users() } == .learner)
      }
    }
  }

  @Test("that differ are found, and the one to bring back is named", arguments: EtcdRelease.one)
  func different(release: EtcdRelease) async throws {
    var options = ThrowawayEtcd.Options()
    options.quotaBackendBytes = TestCluster.smallQuota
    try await TestCluster.with(release, members: 3, options: options) { cluster in
      let lagging = try await cluster.makeMembersDiffer()
      defer { lagging.stop() }
      let root = try cluster.credentials(of: "root")
      // In each order of the endpoints.
      for shift in 0..<3 {
        let endpoints = cluster.etcd.endpoints
        let members = try await read(cluster, through: Array(endpoints[shift...] + endpoints[..<shift]))
        let agreement = try await members.agreement(as: root)
        let refusal = try #require(agreement.refusal, "\(agreement)")
        #expect(refusal.what == "users and roles" && refusal.minority == ["etcd-3"])
        #expect(refusal.hint?.contains("bring back etcd-3") == true)
      }
    }
  }

  @Test("words about which members were asked")
  func words() throws {
    func member(_ name: String, isThere: Bool) throws -> ClusterMember {
      ClusterMember(
        id: UInt64(name.utf8.count), name: name,
        reach: isThere
          ? .answers(at: try Endpoint("https://\(name):2379"), .of(version: EtcdVersion(3, 5, 30)))
          : .unreachable("it has not started yet"))
    }
    let all = try [member("a", isThere: true), member("bb", isThere: false), member("ccc", isThere: false)]
    #expect(ClusterMembers(clusterID: 1, all: all).asked == "1 of 3 members: bb and ccc are unreachable")
    #expect(ClusterMembers(clusterID: 1, all: [all[0]]).asked == "1 of 1 member")
  }
}
