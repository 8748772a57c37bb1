import Etcd
import Keyspace
import Names
import Segmentation
import TestClusters
import Testing
import ThrowawayEtcd

@testable import Reconciliation

@Suite("The survey", .realEtcd, .timeLimit(.minutes(30)))
struct SurveyTests {
  @Test(
    "reads the version of every member, in the file or not, and the auth revision",
    arguments: EtcdRelease.main)
  func members(release: EtcdRelease) async throws {
    try await TestCluster.with(release, members: 3) { cluster in
      try await cluster.secure()
      let root = try cluster.credentials(of: "root")
      let survey = try await EtcdClient.connect(to: [cluster.etcd.endpoints[1]], as: root) {
        try await Survey.take($0, as: root)
      }
      #expect(survey.members.asked == "3 of 3 members")
      #expect(survey.members.all.allSatisfy { $0.version?.description == release.version })
      #expect(Set(survey.members.endpoints) == Set(cluster.etcd.endpoints))
      #expect(survey.authEnabled && survey.records.all.isEmpty)
      #expect(try await survey.authRevision == cluster.authRevision())
      // The version of an unreachable member is not known: nothing is sent that could harm it.
      cluster.etcd.members[2].crash()
      try await cluster.connect { etcd in
        let survey = try await Survey.take(etcd, as: root)
        #expect(survey.members.unreachable.map(\.name) == ["etcd-3"])
        // Read from the metrics of the others.
        #expect(try await survey.authRevision == cluster.authRevision())
      }
    }
  }

  @Test("AuthStatus is sent only if every member is known to support it")
  func leave() {
    func leave(_ versions: String?...) -> Bool {
      AuthStatusLeave(versions: versions.map { $0.flatMap { EtcdVersion($0) } }) != nil
    }
    #expect(leave("3.5.0") && leave("3.5.1", "3.6.0"))
    #expect(!leave() && !leave(nil) && !leave("3.5.1", nil) && !leave("3.5.1", "3.4.44"))
  }

  /// One member, which is called `a`.
  private func members(_ status: MemberStatus) throws -> ClusterMembers {
    let endpoint = try Endpoint("https://a:2379")
    return ClusterMembers(
      clusterID: 1, all: [ClusterMember(id: 1, name: "a", reach: .answers(at: endpoint, status))])
  }

  @Test("refuses unsuitable releases with the reason")
  func refusals() throws {
    func refusal(_ version: String) throws -> MemberRefusal? {
      let status = MemberStatus.of(version: try #require(EtcdVersion(version)))
      return MemberRefusal(try members(status))
    }
    #expect(try refusal("3.3.27")?.description.contains("every client could log in") == true)
    for version in ["3.4.0", "3.4.23", "3.5.30", "3.7.1"] { #expect(try refusal(version) == nil) }
    let old = try #require(EtcdVersion("3.4.20"))
    let survey = Survey.of(members: try members(.of(version: old)))
    #expect(throws: MemberRefusal.forgetsPermissions("a", old)) { try survey.checkBeforeEnablingAuth() }
  }

  @Test("members that do not hold the same users and roles are refused", arguments: EtcdRelease.one)
  func different(release: EtcdRelease) async throws {
    var options = ThrowawayEtcd.Options()
    options.quotaBackendBytes = TestCluster.smallQuota
    try await TestCluster.with(release, members: 3, options: options) { cluster in
      let third = try await cluster.makeMembersDiffer()
      defer { third.stop() }
      let root = try cluster.credentials(of: "root")
      let error = await #expect(throws: MembersDiffer.self) {
        try await cluster.connect { try await Survey.take($0, as: root) }
      }
      #expect(error?.minority == ["etcd-3"])
    }
  }

  @Test("writes nothing to a store that is nearly full", arguments: EtcdRelease.one)
  func space(release: EtcdRelease) async throws {
    var options = ThrowawayEtcd.Options()
    options.quotaBackendBytes = 1 << 20
    try await TestCluster.with(release, options: options) { cluster in
      let root = try cluster.credentials(of: "root")
      try await cluster.connect { etcd in
        _ = try await Survey.take(etcd, as: root).checkSpace(as: root)
        // Filled until there is room for one or two more such values.
        for number in 0..<26 {
          guard try await etcd.status().databaseSize < 997_000 else { break }
          try await etcd.put([UInt8](repeating: 7, count: 40_000), at: Key("/filler/\(number)"))
          // A member reports the size of what is committed to the file, which happens every 100 ms.
          try await Task.sleep(for: .milliseconds(250))
        }
        let survey = try await Survey.take(etcd, as: root)
        await #expect(throws: MemberRefusal.self) { _ = try await survey.checkSpace(as: root) }
        #expect(try await etcd.alarms().isEmpty)
      }
    }
  }
}
