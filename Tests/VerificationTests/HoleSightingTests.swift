import Etcd
import Keyspace
import Segmentation
import TestClusters
import Testing

@testable import Verification

@Suite("Vulnerabilities observed on the live server", .realEtcd, .timeLimit(.minutes(30)))
struct HoleSightingTests {
  @Test("are those known for the version, at every member", arguments: EtcdRelease.main)
  func asKnown(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release, members: 3)
    let user = unique("looker")
    let grant = Grant(.prefix(Key("/\(user)/")), .readwrite)
    let segmentation = Segmentation(
      cluster: "test", identities: [Identity(user: user, purpose: .custom, roles: [user])],
      roles: [Role(name: user, grants: [Role.Line(grant)])])
    try await cluster.connect { etcd async throws in
      try await etcd.addRole(user)
      try await etcd.grant(Permission(grant), toRole: user)
      try await etcd.addUser(user)
      try await etcd.grant(role: user, toUser: user)
    }
    let before = try await cluster.connect { try await $0.revision() }
    let assessment = try await cluster.assess().lookingForHoles(
      as: segmentation.identities[0], in: segmentation, with: try cluster.credentials(of: user),
      timeout: .seconds(60))
    #expect(assessment.sightings.count == 4 * 3)
    let known = Set(assessment.holes.map(\.advisory.id))
    for sighting in assessment.sightings {
      #expect(sighting.state == (known.contains(sighting.advisory) ? .open : .closed), "\(sighting)")
    }
    #expect(!assessment.isTrustworthy)
    try await cluster.connect { etcd async throws in
      #expect(try await etcd.revision() == before)
      #expect(try await etcd.alarms().isEmpty)
    }
  }

  @Test("are not probed as an administrator, who may make all these requests")
  func administrator() {
    #expect(HoleRequest.all(for: .root).isEmpty)
    // No readable range to begin with, and no key that it may not write.
    let open = Permissions([Grant(KeyRange.everything, .write)])
    #expect(HoleRequest.all(for: open).map(\.advisory) == ["CVE-2026-33413", "CVE-2026-33413"])
  }

  @Test("refer to existing advisories")
  func identifiers() {
    let known = Set(Advisory.all.map(\.id))
    let requests = HoleRequest.all(for: Permissions([Grant(.prefix("/k"), .read)]))
    #expect(requests.count == 4 && requests.allSatisfy { known.contains($0.advisory) })
  }
}
