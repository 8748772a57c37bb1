import Keyspace
import Segmentation
import Synchronization
import TestClusters
import Testing
import ThrowawayEtcd

@testable import Etcd
@testable import Reconciliation

@Suite("Applying", .realEtcd, .timeLimit(.minutes(30)))
struct ApplyTests {
  @Test("makes at most so many changes a second", arguments: EtcdRelease.one)
  func pace(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release)
    let names = (0..<12).map { unique("paced-\($0)") }
    let segmentation = Segmentation.of(names.map { ($0, []) })
    try await cluster.connect { etcd in
      let desired = DesiredState(segmentation)
      let state = try await ClusterState.observe(etcd)
      let plan = Plan(from: state, to: desired, applicant: "root", management: .additive)
      let changes = plan.changes.filter {
        if case .addRole(let role) = $0 { names.contains(role) } else { false }
      }
      let part = plan.with(changes, from: state)
      let start = ContinuousClock.now
      try await Apply(etcd, pace: 20).run(part, desired: desired)
      // From the first to the last of twelve.
      #expect(changes.count == 12 && ContinuousClock.now - start >= .milliseconds(550))
    }
  }

  private func check(_ release: EtcdRelease, members: Int) async throws {
    try await TestCluster.with(release, members: members) { cluster in
      try await cluster.apply(.sample)
      let state = try await cluster.state()
      #expect(state.users["node"]?.roles == ["node"] && state.users["root"]?.roles == ["root"])
      let wanted = DesiredState(.sample)
      for role in wanted.roles { #expect(Set(state.roles[role.name] ?? []) == Set(role.permissions)) }
      // With authentication off and on, a second apply changes nothing.
      for turnOn in [false, true] {
        if turnOn {
          try await cluster.connect { etcd in
            let changed = try await EnableAuth(etcd, as: cluster.etcd.root).run(
              EnableAuth.Request(applicant: "root", desired: wanted), state: state, secret: secret)
            #expect(changed != .wasOn)
          }
        }
        let revision = try await cluster.connect { try await $0.revision() }
        let authRevision = try await cluster.authRevision()
        #expect(try await cluster.apply(.sample).isEmpty)
        #expect(try await cluster.connect { try await $0.revision() } == revision)
        #expect(try await cluster.authRevision() == authRevision)
      }
      let users = try await cluster.connect { etcd in
        for user in ["root", "node", "writer", "last"] {
          #expect(try await etcd.tryEmptyPassword(ofUser: user) == .noPassword)
        }
        return try await etcd.users()
      }
      #expect(users == ["last", "node", "root", "writer"])
    }
  }

  @Test(
    "one member: applies the file, and a second apply changes nothing",
    arguments: EtcdRelease.all)
  func one(release: EtcdRelease) async throws { try await check(release, members: 1) }

  @Test(
    "three members: applies the file, and a second apply changes nothing", arguments: EtcdRelease.main)
  func three(release: EtcdRelease) async throws { try await check(release, members: 3) }

  @Test("finds and corrects manual changes", arguments: EtcdRelease.main)
  func drift(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.secure()
      try await cluster.apply(.sample)
      try await cluster.bash([
        // Less access, more access, another access, an extra link, an extra grant, a deleted user.
        "etcdctl role revoke-permission --prefix node /calico/ipam/",
        "etcdctl role grant-permission node readwrite /calico/ready",
        "etcdctl role grant-permission --prefix writer read /calico/felix/",
        "etcdctl role add theirs",
        "etcdctl user grant-role node theirs",
        "etcdctl role grant-permission --from-key last readwrite /registry",
        "etcdctl user delete last",
      ])
      let plan = try await cluster.apply(.sample)
      for change in [
        Change.grant(Permission(.readwrite, .prefix("/calico/ipam/")), toRole: "node"),
        .narrow(Permission(.read, .key("/calico/ready")), inRole: "node"),
        .grant(Permission(.readwrite, .prefix("/calico/felix/")), toRole: "writer"),
        .unlink(user: "node", role: "theirs"),
        .revoke(Permission(.readwrite, KeyRange(from: "/registry", to: nil)), fromRole: "last"),
        .addUser("last"), .link(user: "last", role: "last"),
      ] {
        #expect(plan.changes.contains(change), "\(change.words)")
      }
      #expect(try await cluster.plan(.sample).isEmpty)
      #expect(plan.foreignRoles == ["theirs"])
    }
  }

  @Test("recreates a user with an empty password, without a password", arguments: EtcdRelease.main)
  func openPassword(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.secure()
      try await cluster.apply(.sample)
      try await cluster.connect { etcd in
        try await etcd.deleteUser("node")
        try await etcd.addUser("node", password: "")
        #expect(try await etcd.tryEmptyPassword(ofUser: "node") == .open)
      }
      let plan = try await cluster.apply(.sample)
      #expect(plan.changes == [.deleteUser("node"), .addUser("node"), .link(user: "node", role: "node")])
      #expect(try await cluster.connect { try await $0.tryEmptyPassword(ofUser: "node") } == .noPassword)
    }
  }

  @Test("replaces duplicate entries with a single one", arguments: EtcdRelease.main)
  func doubled(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      let segmentation = Segmentation.of([("a", [Grant(.key("/k"), .read), Grant(.prefix("/k"), .read)])])
      try await cluster.apply(segmentation)
      for access in ["readwrite", "read", "readwrite", "read"] {
        try await cluster.etcdctl("role", "grant-permission", "a", access, "--prefix", "/k")
        try await cluster.etcdctl("role", "grant-permission", "a", access, "/k")
      }
      #expect(try await cluster.state().roles["a"]?.count ?? 0 > 2)
      try await cluster.apply(segmentation)
      #expect(try await cluster.plan(segmentation).isEmpty)
      let found = try await cluster.state().roles["a"] ?? []
      #expect(found.count == 2 && found.allSatisfy { $0.access == .read })
    }
  }

  @Test(
    "narrows a range even if another range with the same start key is added",
    arguments: EtcdRelease.main)
  func narrowedBesideNew(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      let prefix = KeyRange.prefix("/k")
      try await cluster.apply(.of([("a", [Grant(prefix, .readwrite)])]))
      let narrow = Segmentation.of([("a", [Grant(.key("/k"), .readwrite), Grant(prefix, .read)])])
      try await cluster.apply(narrow)
      #expect(try await cluster.plan(narrow).isEmpty)
    }
  }

  @Test(
    "an interruption completes changes in flight, and the next run makes the rest",
    arguments: EtcdRelease.main)
  func interrupted(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      let made = Mutex(0)
      let work = Task {
        try await cluster.connect { etcd in
          let plan = try await TestCluster.plan(etcd, .sample)
          try await Apply(etcd).run(plan, desired: DesiredState(.sample)) { progress in
            made.withLock { $0 = progress.done }
            if progress.done == 5 { withUnsafeCurrentTask { $0?.cancel() } }
          }
        }
      }
      let error = await #expect(throws: ApplyError.self) { try await work.value }
      guard case .interrupted(let done, let total) = error else {
        Issue.record("ended with \(String(describing: error))")
        return
      }
      // Changes in flight were completed, and no further ones were started.
      #expect(made.withLock { $0 } == done && done >= 5 && total > 10)
      let rest = try await cluster.apply(.sample)
      #expect(rest.changes.count == total - done)
      #expect(try await cluster.plan(.sample).isEmpty)
    }
  }

  @Test(
    "an interruption does not leave out what a removed permission or user is replaced by",
    arguments: EtcdRelease.one)
  func interruptedReplacement(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      // Ranges with one start key: etcd cannot change the access of one in place.
      let keys = (1...6).map { Key("/shared-\($0)") }
      @Sendable func role(_ access: Access) -> Segmentation {
        .of([("node", keys.flatMap { [Grant(.key($0), .read), Grant(.prefix($0), access)] })])
      }
      try await cluster.apply(role(.readwrite))
      let begun = Mutex(0)
      let work = Task {
        try await cluster.connect { etcd in
          let plan = try await TestCluster.plan(etcd, role(.read))
          #expect(plan.completions.count == keys.count)
          try await Apply(etcd).run(plan, desired: DesiredState(role(.read))) { progress in
            guard case .revoke = progress.change else { return }
            // At the third revocation.
            guard
              begun.withLock({
                $0 += 1
                return $0
              }) == 3
            else { return }
            withUnsafeCurrentTask { $0?.cancel() }
          }
        }
      }
      let error = await #expect(throws: ApplyError.self) { try await work.value }
      guard case .interrupted = error else {
        Issue.record("ended with \(String(describing: error))")
        return
      }
      let permissions = try await cluster.connect { try await $0.permissions(ofRole: "node") }
      for key in keys {
        for range in [KeyRange.key(key), .prefix(key)] {
          #expect(permissions.contains { $0.grant.range == range && $0.access.contains(.read) }, "\(range)")
        }
      }
      #expect(permissions.count { $0.access == .readwrite } == 3)
    }
  }

  @Test("tolerates another client that makes the same change at the same time", arguments: EtcdRelease.main)
  func twoAtOnce(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<3 { group.addTask { try await cluster.apply(.sample) } }
        try await group.waitForAll()
      }
      #expect(try await cluster.plan(.sample).isEmpty)
    }
  }

  @Test(
    "does not repeat a change whose answer was lost", arguments: EtcdRelease.main)
  func lostAnswers(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release)
    let (user, role) = (unique("user"), unique("role"))
    let permission = Permission(.readwrite, .prefix("/k"))
    try await cluster.connect { etcd in
      for change in [
        Change.addRole(role), .grant(permission, toRole: role), .addUser(user), .link(user: user, role: role),
        .narrow(Permission(.read, .prefix("/k")), inRole: role), .unlink(user: user, role: role),
        .deleteUser(user), .revoke(permission, fromRole: role),
      ] {
        try await Apply(etcd).make(change)
        try await Apply(etcd).make(change)
      }
      // A change that cannot be made is an error.
      #expect(
        try await failure { try await Apply(etcd).make(.grant(permission, toRole: unique("no"))) }
          == .notFound)
      #expect(
        try await failure { try await Apply(etcd).make(.link(user: unique("no"), role: role)) } == .notFound)
    }
  }

  @Test("reports a role that reads back differently", arguments: EtcdRelease.one)
  func readBack(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.connect { etcd in
        let plan = try await TestCluster.plan(etcd, .sample)
        let other = DesiredState(.of([("node", [Grant(.key("/other"), .read)])]))
        let error = await #expect(throws: ApplyError.self) { try await Apply(etcd).run(plan, desired: other) }
        guard case .readsBackDifferently("the role node", _) = error else {
          Issue.record("ended with \(String(describing: error))")
          return
        }
      }
    }
  }
}

let secret = "3f1c9d52-6d0b-4a7e-9a53-0c3a8f1b7e64-5be2"
