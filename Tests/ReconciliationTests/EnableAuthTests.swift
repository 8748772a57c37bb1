import Etcd
import Keyspace
import Names
import Segmentation
import TestClusters
import TestSupport
import Testing
import ThrowawayEtcd

@testable import Reconciliation

@Suite("Turning authentication on", .realEtcd, .timeLimit(.minutes(30)))
struct EnableAuthTests {
  private func enable(
    _ cluster: TestCluster, applicant: String = "root", timeout: Duration = .seconds(8),
    through endpoints: [Endpoint]? = nil
  ) async throws -> EnableAuth.Outcome {
    let state = try await cluster.state()
    let credentials = try cluster.credentials(of: applicant)
    return try await EtcdClient.connect(
      to: endpoints ?? cluster.etcd.endpoints, as: credentials, timeout: timeout
    ) { etcd async throws in
      try await EnableAuth(etcd, as: credentials).run(applicant: applicant, state: state, secret: secret)
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
            applicant: "root", state: ClusterState(), secret: secret) == .wasOn)
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
      try await cluster.etcdctl("put", "/registry/pods/shop/web", "a pod")
      try await expect(.kubernetesWouldBeLockedOut)
      let withKubernetes = Segmentation.of([], apiserver: "kube-apiserver")
      try await cluster.apply(withKubernetes)
      #expect(try await enable(cluster) != .wasOn)
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
        let error = await #expect(throws: EnableAuthRefusal.self) { _ = try await enable(cluster) }
        guard case .certificateDoesNotWork("root", let text) = error else {
          Issue.record("ended with \(String(describing: error))")
          return
        }
        #expect(text.contains("user name is empty"))
        #expect(!"\(String(describing: error))".contains(secret.dropFirst(8)))
        try await expectUntouched(cluster, users: ["last", "node", "root", "writer"])
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
            applicant: "root", state: state, secret: secret
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
}
