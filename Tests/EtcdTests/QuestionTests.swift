import Keyspace
import Names
import Synchronization
import TestClusters
import Testing
import ThrowawayEtcd

@testable import Etcd

@Suite("Permission probes", .realEtcd, .timeLimit(.minutes(30)))
struct QuestionTests {
  /// Makes a user that may read and write `base/a/`, read `base/b/`, write `base/key`, and read and write
  /// `base/c` to `base/e` in two adjacent ranges.
  private func makeUser(_ cluster: TestCluster) async throws -> (user: String, base: Key) {
    let user = unique("asker")
    let base = Key("/\(user)")
    try await cluster.connect { etcd in
      try await etcd.addRole(user)
      for grant in [
        Grant(.prefix(base + "/a/"), .readwrite), Grant(.prefix(base + "/b/"), .read),
        Grant(.key(base + "/key"), .write), Grant(KeyRange(from: base + "/c", to: base + "/d"), .readwrite),
        Grant(KeyRange(from: base + "/d", to: base + "/e"), .readwrite),
      ] { try await etcd.grant(Permission(grant), toRole: user) }
      try await etcd.addUser(user)
      try await etcd.grant(role: user, toUser: user)
    }
    return (user, base)
  }

  /// Unbounded ranges are not watched here: all these releases have a vulnerability there.
  private func cases(_ base: Key) -> [(range: KeyRange, reads: Bool, writes: Bool)] {
    [
      (.prefix(base + "/a/"), true, true),
      (.key(base + "/a/x"), true, true),
      (.key(base + "/a"), false, false),
      (KeyRange(from: base + "/a/", to: base + "/a00"), false, false),
      (KeyRange(from: base + "/a/", to: nil), false, false),
      (.prefix(base + "/b/"), true, false),
      (.key(base + "/key"), false, true),
      (.key(base + "/key0"), false, false),
      (KeyRange(from: base + "/c", to: base + "/e"), true, true),
      (KeyRange(from: base + "/c", to: base + "/e\u{1}"), false, false),
      (.key("/registry/secrets/x"), false, false),
      (.everything, false, false),
    ]
  }

  private func check(_ release: EtcdRelease, members: Int) async throws {
    let cluster = try await SharedClusters.all.cluster(release, members: members)
    let (user, base) = try await makeUser(cluster)
    @Sendable func expect(_ reads: Bool) -> Answer { reads ? .allowed : .denied }
    try await cluster.connect(as: user) { etcd in
      for endpoint in etcd.endpoints {
        let member = etcd.only(endpoint)
        for (range, reads, writes) in cases(base) {
          #expect(await member.mayRead(range) == expect(reads), "read \(range)")
          #expect(await member.mayWrite(range) == expect(writes), "write \(range)")
          if range.upper == nil, range.lower != Key([0]) { continue }
          #expect(await member.mayWatch(range) == expect(reads), "watch \(range)")
        }
        #expect(await member.mayAdminister() == .denied)
      }
    }
    try await cluster.connect { etcd in
      #expect(await etcd.mayRead(.everything) == .allowed)
      #expect(await etcd.mayWrite(.everything) == .allowed)
      #expect(await etcd.mayWatch(.everything) == .allowed)
      #expect(await etcd.mayAdminister() == .allowed)
    }
    try await cluster.connect(as: unique("stranger")) { etcd in
      #expect(await etcd.mayRead(.key(base + "/a/x")) == .denied)
      #expect(await etcd.mayWrite(.key(base + "/a/x")) == .denied)
      #expect(await etcd.mayWatch(.key(base + "/a/x")) == .denied)
    }
  }

  @Test("agree with the grants, at one member", arguments: EtcdRelease.client)
  func one(release: EtcdRelease) async throws { try await check(release, members: 1) }

  @Test("agree with the grants, at each of three members", arguments: EtcdRelease.client)
  func three(release: EtcdRelease) async throws { try await check(release, members: 3) }

  @Test(
    "change no revision and no key; only writing costs one log entry",
    arguments: EtcdRelease.client)
  func cost(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.secure()
      let (user, base) = try await makeUser(cluster)
      let inside = KeyRange.prefix(base + "/a/")
      let outside = KeyRange.prefix("/registry/")
      func entries() async throws -> Double? {
        try await Metrics.read(from: cluster.etcd.endpoints[0], as: try cluster.credentials(of: "root"))
          .values["etcd_server_proposals_committed_total"]
      }
      try await cluster.connect { try await $0.put([1], at: base + "/a/x") }
      let revision = try await cluster.connect { try await $0.revision() }
      let before = try #require(try await entries())
      try await cluster.connect(as: user) { etcd in
        for range in [inside, outside] {
          _ = await etcd.mayRead(range)
          _ = await etcd.mayWatch(range)
        }
      }
      #expect(try await entries() == before)
      // etcd adds entries of its own now and then, such as the cluster version: they can only make the cost larger.
      var costs: [Double] = []
      for _ in 1...3 where !costs.contains(2) {
        let start = try #require(try await entries())
        try await cluster.connect(as: user) { etcd async throws in
          for range in [inside, outside] { _ = await etcd.mayWrite(range) }
        }
        costs.append(try #require(try await entries()) - start)
      }
      #expect(costs.contains(2), "\(costs)")
      try await cluster.connect { etcd async throws in
        #expect(try await etcd.revision() == revision)
        #expect(try await etcd.value(of: base + "/a/x") == [1])
      }
    }
  }

  @Test("give no wrong answer while users and roles change", arguments: EtcdRelease.client)
  func duringChanges(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release)
    let (user, base) = try await makeUser(cluster)
    let version = try #require(EtcdVersion(release.version))
    let isDone = Mutex(false)
    let count = Mutex(0)
    let changes = Task {
      try await cluster.connect { etcd in
        let role = unique("churn")
        while !isDone.withLock({ $0 }) {
          try await etcd.addRole(role)
          try await etcd.grant(Permission(Grant(.prefix("/churn/"), .read)), toRole: role)
          try await etcd.grant(role: role, toUser: user)
          try await etcd.deleteRole(role)
          count.withLock { $0 += 4 }
        }
      }
    }
    var wrong: [String] = []
    // Both must have run at the same time, at any speed of the machine.
    for _ in 1...50 {
      wrong += try await cluster.connect(as: user) { etcd in
        await withTaskGroup(of: [String].self) { group in
          for _ in 0..<64 {
            group.addTask {
              var wrong: [String] = []
              for (range, reads, writes) in cases(base) {
                let read = await etcd.mayRead(range)
                if read != (reads ? .allowed : .denied) { wrong.append("read \(range): \(read)") }
                let write = await etcd.mayWrite(range)
                if write != (writes ? .allowed : .denied) { wrong.append("write \(range): \(write)") }
                if range.upper == nil { continue }
                let watch = await etcd.mayWatch(range)
                if version.mayRefuseWatchWrongly, watch == .denied { continue }
                if watch != (reads ? .allowed : .denied) { wrong.append("watch \(range): \(watch)") }
              }
              return wrong
            }
          }
          return await group.reduce(into: []) { $0 += $1 }
        }
      }
      if !wrong.isEmpty || count.withLock({ $0 }) > 20 { break }
    }
    isDone.withLock { $0 = true }
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    try await changes.value
    #expect(count.withLock { $0 } > 20)
  }

  @Test("for vulnerabilities agree with the release", arguments: EtcdRelease.client)
  func holes(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release)
    let (user, base) = try await makeUser(cluster)
    let version = try #require(EtcdVersion(release.version))
    let isMended = version >= EtcdVersion(3, 5, 30)
    let before = try await cluster.connect { try await $0.revision() }
    try await cluster.connect(as: user) { etcd async throws in
      #expect(await etcd.mayWriteInNestedTxn(.prefix("/registry/")) == (isMended ? .denied : .allowed))
      #expect(await etcd.mayWriteInNestedTxn(.prefix(base + "/a/")) == .allowed)
      #expect(await etcd.mayCompact() == (isMended ? .denied : .allowed))
      #expect(await etcd.mayDisarmAlarms() == (isMended ? .denied : .allowed))
      // Fixed in 3.5.33, 3.6.14 and 3.7.1.
      let mayWatch = await etcd.mayWatch(KeyRange(from: base + "/b/", to: nil))
      #expect(mayWatch == (version >= EtcdVersion(3, 5, 33) ? .denied : .allowed))
    }
    try await cluster.connect { etcd async throws in
      #expect(try await etcd.revision() == before)
      #expect(try await etcd.alarms().isEmpty)
    }
  }

  @Test(
    "metrics contain the quota and the auth revision, which each change increases", arguments: EtcdRelease.all
  )
  func metrics(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release)
    let credentials = try cluster.credentials(of: "root")
    let before = try await Metrics.read(from: cluster.etcd.endpoints[0], as: credentials)
    #expect(before.quota == 2 << 30)
    try await cluster.connect { try await $0.addUser(unique("metric")) }
    let after = try await Metrics.read(from: cluster.etcd.endpoints[0], as: credentials)
    #expect(try #require(after.authRevision) > (try #require(before.authRevision)))
  }
}
