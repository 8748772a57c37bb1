import Etcd
import Keyspace
import Names
import Segmentation
import Synchronization
import TestClusters
import Testing
import ThrowawayEtcd

@testable import Reconciliation

/// Each call of a whole apply fails once, in several ways. Meanwhile clients with the certificates of users
/// that keep access use it all the time.
@Suite("Applying over a faulty connection", .realEtcd, .timeLimit(.minutes(30)))
struct LostCallTests {
  private static func segmentation(
    _ roles: [(String, [Grant])], _ users: [(String, [String])]
  ) -> Segmentation {
    Segmentation(
      cluster: "test",
      identities: [Identity(user: "root", purpose: .administrator, roles: ["root"])]
        + users.map { Identity(user: $0.0, purpose: .custom, roles: $0.1) },
      roles: roles.map { Role(name: $0.0, grants: $0.1.map { Role.Line($0) }) })
  }

  private static let before = segmentation(
    [
      ("a", [Grant(.prefix("/a/"), .readwrite), Grant(.prefix("/old/"), .readwrite)]),
      ("b", [Grant(.prefix("/b/"), .readwrite), Grant(.prefix("/shared/"), .read)]),
    ], [("a", ["a"]), ("b", ["b"]), ("leaving", ["a", "b"])])

  /// One range is removed and two are added, one user changes its role, one user is created and one deleted.
  private static let after = segmentation(
    [
      (
        "a",
        [Grant(.prefix("/a/"), .readwrite), Grant(.prefix("/new/"), .readwrite), Grant(.key("/n"), .read)]
      ),
      ("b", [Grant(.prefix("/shared/"), .readwrite)]),
      ("c", [Grant(.prefix("/b/"), .readwrite), Grant(.prefix("/c/"), .read)]),
    ], [("a", ["a"]), ("b", ["c"]), ("leaving", ["b"]), ("coming", ["b", "c"])])

  /// What each user may do before and afterwards.
  private static let kept = [
    Clients.Use(user: "a", key: "/a/k", access: .readwrite),
    .init(user: "b", key: "/b/k", access: .readwrite),
    .init(user: "leaving", key: "/shared/k", access: .read),
  ]

  @Test(
    "no user loses access that it keeps, at any moment, and the next apply makes the rest",
    arguments: EtcdRelease.one, [FaultyWay.Fault.cut, .loseAnswer])
  func everyCall(release: EtcdRelease, fault: FaultyWay.Fault) async throws {
    try await check(release, fault) { Array(1...$0) }
  }

  @Test(
    "the same if the connection hangs or is slow", arguments: EtcdRelease.one,
    [FaultyWay.Fault.fallSilent, .delay])
  func silence(release: EtcdRelease, fault: FaultyWay.Fault) async throws {
    try await check(release, fault) { [$0 / 4, $0 / 2, $0 * 3 / 4, $0 - 1] }
  }

  private func check(
    _ release: EtcdRelease, _ fault: FaultyWay.Fault, at records: @Sendable (Int) -> [Int]
  ) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.secure()
      try await cluster.apply(Self.before)
      let way = try FaultyWay(to: cluster.etcd.endpoints[0].port)
      defer { way.end() }
      let faulty = [try Endpoint("https://127.0.0.1:\(way.port)")]
      let root = try cluster.credentials(of: "root")

      let clients = try Clients.start(Self.kept, of: cluster)
      let failures = try await cluster.connect { etcd in
        func direct(_ segmentation: Segmentation) async throws {
          let plan = try await TestCluster.plan(etcd, segmentation)
          try await Apply(etcd).run(plan, desired: DesiredState(segmentation))
        }
        func viaWay() async throws {
          let plan = try await TestCluster.plan(etcd, Self.after)
          try await EtcdClient.connect(to: faulty, as: root, timeout: .seconds(2)) {
            try await Apply($0).run(plan, desired: DesiredState(Self.after))
          }
        }
        way.heal()
        try await viaWay()
        let total = way.records
        // Calls that begin at the same time share a record.
        #expect(total > 10)
        var failures = 0
        for record in records(total) {
          try await direct(Self.before)
          way.fail(at: record, with: fault)
          do { try await viaWay() } catch is ApplyError { failures += 1 }
          way.heal()
          try await direct(Self.after)
          #expect(try await TestCluster.plan(etcd, Self.after).isEmpty, "\(fault) at \(record)")
        }
        return failures
      }
      let refusals = try await clients.stop().filter { $0.code == .permissionDenied }
      #expect(refusals.isEmpty, "\(refusals)")
      // After a broken call Bulkhead reads the state and continues; over a hanging connection it cannot read.
      if fault != .fallSilent { #expect(failures == 0) }
    }
  }
}
