import Etcd
import Foundation
import Keyspace
import Names
import Segmentation
import TestClusters
import TestSupport
import Testing
import ThrowawayEtcd

@testable import Reconciliation

/// Each member enforces what it stores itself: as after members were restored from different snapshots, which leave them
/// with one auth revision and different users. Two clusters of one member stand for two such members.
@Suite("The users and roles of each member", .realEtcd, .timeLimit(.minutes(30)))
struct ObserveMembersTests {
  @Test("are compared, and passwords that only one of them has are seen", arguments: EtcdRelease.one)
  func compared(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { one in
      // Another cluster that accepts the same client certificates.
      let folder = try TemporaryFolder()
      try FileManager.default.copyItem(atPath: one.etcd.clientAuthority, toPath: "\(folder.path)/pki")
      let other = try await ThrowawayEtcd.start(members: 1, binary: release.server, in: folder.path)
      defer { other.stop() }
      let both = "\(folder.path)/both.crt"
      try [one.etcd.serverAuthority, other.serverAuthority].map {
        try String(contentsOfFile: $0, encoding: .utf8)
      }.joined().write(toFile: both, atomically: true, encoding: .utf8)
      let root = try one.credentials(of: "root")
      let credentials = ClientCredentials(authority: both, certificate: root.certificate, key: root.key)

      try await EtcdClient.connect(to: one.etcd.endpoints + other.endpoints, as: credentials) {
        etcd async throws in
        var all: [ClusterMember] = []
        for (name, endpoint) in [("a", other.endpoints[0]), ("b", one.etcd.endpoints[0])] {
          let member = etcd.only(endpoint)
          try await member.addUser("root")
          try await member.grant(role: "root", toUser: "root")
          try await member.addUser("node")
          try await member.addRole("node")
          try await member.enableAuth()
          let status = try await member.status()
          let reach = ClusterMember.Reach.answers(at: endpoint, status)
          all.append(ClusterMember(id: status.memberID, name: name, reach: reach))
        }
        let members = ClusterMembers(clusterID: 1, all: all)
        func read() async throws -> ClusterState {
          try await ClusterState.observe(etcd, atEachOf: members)
        }
        let same = try await read()
        #expect(Set(same.users.keys) == ["root", "node"])
        #expect(same.users["node"]?.acceptsEmptyPassword == false)

        // The same users and roles, with a password at the second.
        try await one.bash(["etcdctl user delete node", "etcdctl user add node:"])
        let open = try await read()
        #expect(open.users["node"]?.acceptsEmptyPassword == true)

        // As many changes on both, and not the same.
        try await etcd.only(other.endpoints[0]).grant(role: "node", toUser: "node")
        try await etcd.only(one.etcd.endpoints[0]).grant(role: "root", toUser: "node")
        let difference = await #expect(throws: MembersDiffer.self) { _ = try await read() }
        #expect(difference?.what == "users and roles" && difference?.values.map(\.member) == ["a", "b"])

        // An endpoint that leads to another member than it did.
        let moved = ClusterMembers(
          clusterID: 1,
          all: [all[0], ClusterMember(id: 7, name: "c", reach: all[0].reach)])
        await #expect(throws: EndpointMoved.self) {
          _ = try await ClusterState.observe(etcd, atEachOf: moved)
        }
      }
    }
  }
}
