import Etcd
import Keyspace
import Reconciliation
import Segmentation
import TestClusters
import TestSupport
import Testing
import ThrowawayEtcd

@testable import Verification

/// What an intruder may leave behind, made by hand with etcdctl: each is found, with the members that have it.
@Suite("What is stored, compared with the file", .realEtcd, .timeLimit(.minutes(30)))
struct StoredComparisonTests {
  @Test(
    "extra grants, passwords, foreign administrators and recreated users are found",
    arguments: EtcdRelease.main)
  func allOfThem(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.segment(.sample)
      let clean = try await cluster.compare(.sample)
      #expect(clean.differences == [] && !clean.breaksSegmentation)
      #expect(clean.members == ["etcd-1"] && clean.counts.users == 4)

      try await cluster.bash([
        "etcdctl role grant-permission node read /registry/secrets/default/tok",
        "etcdctl role grant-permission common readwrite --prefix=true /registry/clusterrolebindings/",
        "etcdctl user add evil2:hunter2", "etcdctl user grant-role evil2 root",
        // The empty password.
        "etcdctl user add evil:",
        "etcdctl user delete writer", "etcdctl user add writer:backdoor",
        "etcdctl user grant-role writer writer",
        // Others on the same etcd: one beside the file's keys, one on them.
        "etcdctl role add patroni", "etcdctl role grant-permission patroni readwrite --prefix=true /service/",
        "etcdctl user add patroni:secret", "etcdctl user grant-role patroni patroni",
        "etcdctl role add spy", "etcdctl role grant-permission spy read --prefix=true /calico/ipam/",
        "etcdctl user add spy --no-password", "etcdctl user grant-role spy spy",
      ])
      let found = try await cluster.compare(.sample)
      let broken = found.differences.filter(\.breaksSegmentation).map { "\($0.subject): \($0.kind)" }
      #expect(
        Set(broken) == [
          "role node: extra", "role common: extra", "user writer: has a password", "user evil: foreign user",
          "user evil2: foreign user", "user spy: foreign user",
        ], "\(found.differences)")
      let others = found.differences.filter { !$0.breaksSegmentation }.map(\.subject)
      #expect(Set(others) == ["user patroni", "role patroni", "role spy"])
      #expect(found.differences.allSatisfy { !$0.meaning.isEmpty && $0.members == ["etcd-1"] })
      #expect(
        found.differences.contains { $0.subject == "user evil2" && $0.meaning.contains("administrator") })

      // The probes ask for the ranges that were found, and so see what the members allow.
      let plan = ProbePlan(for: .sample, stored: found.ranges)
      let answers = wrong(try await cluster.verify(plan))
      #expect(
        answers.isSuperset(of: [
          "node: read /registry/secrets/default/tok", "node: write /registry/clusterrolebindings/*",
        ]), "\(answers)")

      // `root` with a password is a difference too.
      try await cluster.bash(["etcdctl auth disable"])
      try await cluster.bash([
        "etcdctl user delete root", "etcdctl user add root:pw", "etcdctl user grant-role root root",
      ])
      try await cluster.connect { try await $0.enableAuth() }
      let root = try await cluster.compare(.sample)
      #expect(root.differences.contains { $0.subject == "user root" && $0.kind == "has a password" })
    }
  }

  @Test("a member that cannot be read is said, and costs only its own comparison", arguments: EtcdRelease.one)
  func unreachable(release: EtcdRelease) async throws {
    try await TestCluster.with(release, members: 3) { cluster in
      try await cluster.segment(.sample)
      let assessment = try await cluster.assess()
      cluster.etcd.members[0].crash()
      // The others may have to elect a leader first.
      var found = try await cluster.compare(.sample, assessment)
      let isRead = try await eventually(within: .seconds(120)) {
        found = try await cluster.compare(.sample, assessment)
        return found.members.count == 2
      }
      #expect(isRead && found.members == ["etcd-2", "etcd-3"] && found.unread.map(\.member) == ["etcd-1"])
      #expect(found.differences == [] && found.breaksSegmentation)
    }
  }
}
