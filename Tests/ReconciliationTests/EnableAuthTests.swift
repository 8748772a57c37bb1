import Etcd
import Foundation
import Keyspace
import Names
import Segmentation
import Synchronization
import TestClusters
import TestSupport
import Testing
import ThrowawayEtcd

@testable import Reconciliation

@Suite("Turning authentication on", .realEtcd, .timeLimit(.minutes(30)))
struct EnableAuthTests {
  private func enable(
    _ cluster: TestCluster, applicant: String = "root", timeout: Duration = .seconds(8),
    through endpoints: [Endpoint]? = nil, desired: Segmentation = .sample, unreachable: [Key] = [],
    watch: WatchRequest? = nil, wayBacks: WayBackKeeper = .none
  ) async throws -> EnableAuth.Outcome {
    let state = try await cluster.state()
    let credentials = try cluster.credentials(of: applicant)
    return try await EtcdClient.connect(
      to: endpoints ?? cluster.etcd.endpoints, as: credentials, timeout: timeout
    ) { etcd async throws in
      try await EnableAuth(etcd, as: credentials).run(
        EnableAuth.Request(
          applicant: applicant, desired: DesiredState(desired), unreachable: unreachable, watch: watch,
          wayBacks: wayBacks),
        state: state, secret: secret)
    }
  }

  /// Authentication is off, and no temporary administrator is left.
  private func expectUntouched(_ cluster: TestCluster, users: [String]) async throws {
    try await cluster.connect { etcd async throws in
      #expect(try await !etcd.isAuthEnabled())
      #expect(try await etcd.users() == users)
    }
  }

  @Test(
    "leaves an administrator for every member and no temporary one", arguments: EtcdRelease.main)
  func threeMembers(release: EtcdRelease) async throws {
    try await TestCluster.with(release, members: 3) { cluster in
      try await cluster.apply(.sample)
      // One endpoint is listed.
      let first = [cluster.etcd.endpoints[1]]
      #expect(try await enable(cluster, through: first) == .turnedOn(refused: 0, asked: "3 of 3 members"))
      try await cluster.connect { etcd async throws in
        for endpoint in etcd.endpoints {
          #expect(try await etcd.only(endpoint).users() == ["last", "node", "root", "writer"])
        }
        #expect(
          try await EnableAuth(etcd, as: cluster.etcd.root).run(
            EnableAuth.Request(applicant: "root", desired: DesiredState(.sample)), state: ClusterState(),
            secret: secret) == .wasOn)
      }
    }
  }

  @Test("is refused before any change if someone would be locked out", arguments: EtcdRelease.main)
  func refusals(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      func expect(_ refusal: EnableAuthRefusal, applicant: String = "root") async throws {
        let users = try await cluster.connect { try await $0.users() }
        await #expect(throws: refusal) { try await enable(cluster, applicant: applicant) }
        try await expectUntouched(cluster, users: users)
      }
      try await expect(.noRootUser)
      try await cluster.etcdctl("user", "add", "--no-password", "root")
      try await expect(.rootLacksRole)
      try await cluster.apply(.sample)
      try await expect(.notAdministrator("node"), applicant: "node")
      try await expect(.notAdministrator("stranger"), applicant: "stranger")
      for key in ["/registry/pods/shop/web", "/service/pg/leader", "/service/pg/config"] {
        try await cluster.etcdctl("put", key, "x")
      }
      func unreached(_ segments: (KeyRange, Int)...) -> EnableAuthRefusal {
        .keysWouldBeUnreached(
          segments.map { FirstSegment(range: $0.0, keys: $0.1) }, kubernetes: .kubernetes)
      }
      let all = unreached((.kubernetes, 1), (.prefix("/service/"), 2))
      try await expect(all)
      #expect("\(all)".contains("1 key of /registry/*, 2 keys of /service/*;"))
      #expect("\(all)".contains("kube-apiserver among them"))
      #expect(all.hint?.contains("--unreachable /registry/ --unreachable /service/") == true)
      // An administrator, named in the file or not, is no kube-apiserver.
      try await cluster.bash([
        "etcdctl user add backup --no-password", "etcdctl user grant-role backup root",
      ])
      try await expect(all)
      // A user of another file reaches one of two keys.
      try await cluster.bash([
        "etcdctl user add patroni --no-password", "etcdctl role add patroni",
        "etcdctl user grant-role patroni patroni",
        "etcdctl role grant-permission patroni read /service/pg/leader",
      ])
      try await expect(unreached((.kubernetes, 1), (.prefix("/service/"), 1)))
      try await cluster.etcdctl(
        "role", "grant-permission", "patroni", "readwrite", "/service/", "--prefix")
      let withKubernetes = Segmentation.of([], apiserver: "kube-apiserver")
      try await cluster.apply(withKubernetes)
      try await cluster.etcdctl("put", "/old/x", "x")
      #expect(try await enable(cluster, desired: withKubernetes, unreachable: ["/old/"]) != .wasOn)
    }
  }

  @Test("is refused while an alarm is active", arguments: EtcdRelease.one)
  func alarm(release: EtcdRelease) async throws {
    var options = ThrowawayEtcd.Options()
    options.quotaBackendBytes = 1 << 20
    try await TestCluster.with(release, options: options) { cluster in
      try await cluster.apply(.sample)
      let error = await #expect(throws: EtcdError.self) {
        try await cluster.connect { etcd in
          for _ in 0..<100 { try await etcd.put([UInt8](repeating: 7, count: 100_000), at: "/filler") }
        }
      }
      #expect(error?.code == .noSpace)
      await #expect(throws: EnableAuthRefusal.alarmIsActive("NOSPACE")) { try await enable(cluster) }
      try await expectUntouched(cluster, users: ["last", "node", "root", "writer"])
    }
  }

  @Test("is refused while a member is unreachable", arguments: EtcdRelease.one)
  func memberAway(release: EtcdRelease) async throws {
    try await TestCluster.with(release, members: 3) { cluster in
      try await cluster.apply(.sample)
      cluster.etcd.members[2].crash()
      let error = await #expect(throws: EnableAuthRefusal.self) {
        _ = try await enable(cluster, timeout: .seconds(3))
      }
      guard case .unreachable("etcd-3", let text) = error else {
        Issue.record("ended with \(String(describing: error))")
        return
      }
      #expect(text.contains("connection refused"))
      try await expectUntouched(cluster, users: ["last", "node", "root", "writer"])
    }
  }

  @Test(
    "is turned off again if one member, which the file does not list, ignores certificates",
    arguments: EtcdRelease.one)
  func unlistedMember(release: EtcdRelease) async throws {
    try await TestCluster.with(release, members: 2) { cluster in
      try await cluster.apply(.sample)
      var options = ThrowawayEtcd.Options()
      options.clientCertAuth = false
      let third = try await cluster.etcd.startMember("etcd-3", options: options) { url in
        // etcd adds no member before the others have been connected for some seconds.
        let isAdded = try await eventually {
          (try? await cluster.etcdctl("member", "add", "etcd-3", "--peer-urls=\(url)")) != nil
        }
        try #require(isAdded)
      }
      defer { third.stop() }
      let error = await #expect(throws: EnableAuthRefusal.self) { _ = try await enable(cluster) }
      guard case .certificateDoesNotWork("root", let text) = error else {
        Issue.record("ended with \(String(describing: error))")
        return
      }
      #expect(text.contains("user name is empty") && text.contains("\(third.endpoint)"))
      try await expectUntouched(cluster, users: ["last", "node", "root", "writer"])
    }
  }

  @Test("leaves a learner out", arguments: EtcdRelease.one + EtcdRelease.newest)
  func learner(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.apply(.sample)
      let learner = try await cluster.addLearner("etcd-9")
      defer { learner.stop() }
      let endpoints = [learner.endpoint] + cluster.etcd.endpoints
      #expect(
        try await enable(cluster, through: endpoints) == .turnedOn(refused: 0, asked: "1 of 1 member"))
    }
  }

  @Test("is turned off again if etcd ignores certificates", arguments: EtcdRelease.all)
  func rescue(release: EtcdRelease) async throws {
    var options = ThrowawayEtcd.Options()
    options.clientCertAuth = false
    for members in EtcdRelease.one.contains(release) ? [1, 3] : [1] {
      try await TestCluster.with(release, members: members, options: options) { cluster in
        try await cluster.apply(.sample)
        let noted = Mutex<[String]>([])
        let keeper = WayBackKeeper(
          keep: { wayBack in noted.withLock { $0.append(wayBack.user) } },
          forget: { noted.withLock { $0.append("forgotten") } })
        let error = await #expect(throws: EnableAuthRefusal.self) {
          _ = try await enable(cluster, wayBacks: keeper)
        }
        guard case .certificateDoesNotWork("root", let text) = error else {
          Issue.record("ended with \(String(describing: error))")
          return
        }
        #expect(noted.withLock { $0 } == [EnableAuth.wayBackPrefix + secret.prefix(8), "forgotten"])
        #expect(text.contains("user name is empty"))
        #expect(!"\(String(describing: error))".contains(secret.dropFirst(8)))
        try await expectUntouched(cluster, users: ["last", "node", "root", "writer"])
      }
    }
  }

  private static let holder = LockOwner(
    host: "host-1", process: 4711, user: "alice", since: Date(timeIntervalSince1970: 1_800_000_000))

  @Test("the note of a process that was killed stays while no member answers", arguments: EtcdRelease.one)
  func unreachable(release: EtcdRelease) async throws {
    let wayBack = WayBack(user: EnableAuth.wayBackPrefix + "x", password: "a password of some length")
    try await TestCluster.with(release) { cluster in
      let root = try cluster.credentials(of: "root")
      let nobody = try Endpoint("https://127.0.0.1:1")
      let recovery = try await EtcdClient.connect(to: [nobody], as: root, timeout: .seconds(2)) {
        try await EnableAuth($0, as: root).recover(with: wayBack)
      }
      guard case .unknown = recovery else {
        Issue.record("ended with \(recovery)")
        return
      }
    }
  }

  @Test("is turned off again with the note of a process that was killed", arguments: EtcdRelease.one)
  func killed(release: EtcdRelease) async throws {
    let wayBack = WayBack(user: EnableAuth.wayBackPrefix + "x", password: "a password of some length")
    for ignoresCertificates in [true, false] {
      var options = ThrowawayEtcd.Options()
      options.clientCertAuth = !ignoresCertificates
      try await TestCluster.with(release, options: options) { cluster in
        try await cluster.apply(.sample)
        try await cluster.connect { etcd async throws in
          let enable = EnableAuth(etcd, as: cluster.etcd.root)
          #expect(try await enable.recover(with: wayBack) == .notNeeded)
          // The process that holds the lock may have made the note.
          try await ClusterLock.holding(etcd, as: Self.holder, wait: .zero) { _ in
            let found = try? await enable.recover(with: wayBack)
            #expect(found == .busy)
          }
          try await etcd.addAdministrator(wayBack.user, password: wayBack.password)
          try await etcd.enableAuth()
          #expect(
            try await enable.recover(with: wayBack) == (ignoresCertificates ? .turnedOff : .leftoverDeleted))
          #expect(try await etcd.isAuthEnabled() != ignoresCertificates)
          #expect(try await !etcd.users().contains(wayBack.user))
          #expect(try await enable.recover(with: wayBack) == .notNeeded)
        }
      }
    }
  }

  @Test("is completed despite an interruption", arguments: EtcdRelease.one)
  func interrupted(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.apply(.sample)
      let state = try await cluster.state()
      let (steps, begun) = AsyncStream<String>.makeStream()
      let work = Task {
        try await cluster.connect { etcd async throws in
          try await EnableAuth(etcd, as: cluster.etcd.root).run(
            EnableAuth.Request(applicant: "root", desired: DesiredState(.sample)), state: state,
            secret: secret
          ) { begun.yield($0) }
        }
      }
      for await step in steps where step.hasPrefix("making") { break }
      work.cancel()
      _ = try await work.value
      try await cluster.connect { etcd async throws in
        #expect(try await etcd.isAuthEnabled())
        #expect(try await etcd.users() == ["last", "node", "root", "writer"])
      }
    }
  }

  @Test("is turned off again if members refuse requests afterwards", arguments: EtcdRelease.one)
  func lockOut(release: EtcdRelease) async throws {
    try await TestCluster.with(release, members: 2) { cluster in
      try await cluster.apply(.sample)
      // A program with a certificate that belongs to no user; its key is one that a user reaches.
      let clients = try Clients.start(
        [.init(user: "stranger", key: "/calico/felix/x", access: .read)], of: cluster)
      let error = await #expect(throws: EnableAuthRefusal.self) {
        _ = try await enable(cluster, watch: WatchRequest(for: .seconds(120)))
      }
      guard case .requestsRefused(let report) = error else {
        Issue.record("ended with \(String(describing: error))")
        return
      }
      #expect(report.refused > 0 && report.unknown.isEmpty)
      #expect("\(EnableAuthRefusal.requestsRefused(report))".contains("Range"))
      try await expectUntouched(cluster, users: ["last", "node", "root", "writer"])
      #expect(try await clients.stop().allSatisfy { [.permissionDenied, .notFound].contains($0.code) })
      // Without the program nothing is refused, and it stays on.
      guard
        case .turnedOn(_, _, let watch?) = try await enable(cluster, watch: WatchRequest(for: .seconds(1)))
      else {
        Issue.record("not watched")
        return
      }
      #expect(watch.refused == 0 && !watch.isLockOut && watch.changes.count == 2)
    }
  }

  @Test("counts of refused requests are judged by method, and a count that goes back is unknown")
  func counts() {
    let known = [
      KnownRefusal(sender: "kube-controllers", request: "reads", method: "Range", perSecond: 1),
      KnownRefusal(sender: "calicoctl", request: "writes", method: "Txn", atOnce: 3),
    ]
    func report(
      _ methods: [String: Int], nameless: [String: Int] = [:], _ known: [KnownRefusal] = known
    ) -> RefusalReport {
      RefusalReport(
        .seconds(10),
        denied: [
          RefusalChange(
            member: "a", from: ["Range": 5], to: methods.merging(["Range": 5], uniquingKeysWith: +)),
          RefusalChange(member: "b", from: [:], to: [:]),
        ], nameless: [RefusalChange(member: "a", .nameless, from: [:], to: nameless)], known: known)
    }
    #expect(!report([:]).isLockOut && report([:]).known.isEmpty)
    #expect(!report(["Range": 12, "Txn": 3]).isLockOut)
    #expect(report(["Range": 12, "Txn": 3]).known == known)
    #expect(report(["Range": 12], []).isLockOut && report(["Range": 40]).isLockOut)
    #expect(report(["Txn": 4]).isLockOut && report(["Put": 1]).isLockOut)
    #expect(report([:], nameless: ["Range": 1]).isLockOut)
    let back = RefusalChange(member: "a", from: ["Range": 5], to: ["Range": 2])
    #expect(back.increase == nil && back.words.contains("went back from 5 to 2"))
    #expect(WatchedRemoval.judge([back], [back], []).isGivenBack)
    let two = [RefusalChange(member: "a", from: [:], to: ["Range": 2, "Txn": 2])]
    #expect(WatchedRemoval.judge(two, two, []) == .removed)
    let three = [RefusalChange(member: "a", from: [:], to: ["Range": 3, "Txn": 4])]
    #expect(WatchedRemoval.judge(two, three, []) == .givenBack(refused: 3))
    #expect(WatchedRemoval.judge(two, three, known) == .givenBack(refused: 1))
    #expect(
      RefusalChange(member: "a", from: ["Range": 5], to: ["Range": 7]).words
        == "a refused 2 requests (from 5 to 7: 2 Range)")
  }
}
