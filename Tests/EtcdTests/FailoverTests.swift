import Keyspace
import Names
import TestClusters
import Testing
import ThrowawayEtcd

@testable import Etcd

@Suite("Members that fail", .realEtcd, .timeLimit(.minutes(30)))
struct FailoverTests {
  @Test("an unreachable member is skipped", arguments: EtcdRelease.client)
  func away(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release, members: 3)
    let endpoints = [try Endpoint("https://127.0.0.1:1")] + cluster.etcd.endpoints
    let time = try await duration { () async throws in
      try await EtcdClient.connect(to: endpoints, as: cluster.etcd.root, timeout: .seconds(30)) {
        etcd async throws in
        #expect(try await etcd.users().contains("root"))
        #expect(await etcd.mayWatch(.key("/k")) == .allowed)
        try await etcd.addUser(unique("user"))
      }
    }
    #expect(time < .seconds(15))
  }

  @Test("a member that does not answer delays one call, then others are asked", arguments: EtcdRelease.one)
  func paused(release: EtcdRelease) async throws {
    try await TestCluster.with(release, members: 3) { cluster in
      try await cluster.secure()
      try await cluster.connect(timeout: .seconds(5)) { etcd async throws in
        // The connection exists before the member stops answering.
        #expect(try await etcd.members().count == 3)
        cluster.etcd.members[0].pause()
        let first = try await duration { _ = try await etcd.users() }
        #expect(first >= .seconds(4.9))
        let next = try await duration {
          try await etcd.addUser("alice")
          #expect(try await etcd.users() == ["alice", "root"])
          #expect(await etcd.mayWatch(.key("/k")) == .allowed)
        }
        #expect(next < .seconds(4.5))
        let silent = etcd.only(cluster.etcd.endpoints[0])
        let alone = try await duration { () async throws in
          #expect(try await failure { _ = try await silent.members() } == .deadlineExceeded)
        }
        #expect(alone < .seconds(8))
        guard case .inconclusive(let error) = await silent.mayWatch(.key("/k")) else {
          Issue.record("a silent member answered")
          return
        }
        // While it waits, the attempt to connect ends as well.
        #expect([.deadlineExceeded, .unavailable].contains(error.code))
      }
      // A write is not repeated, but the next call goes to another member.
      try await cluster.connect(timeout: .seconds(5)) { etcd in
        #expect(try await failure { try await etcd.addUser("bob") } == .deadlineExceeded)
        let next = try await duration { try await etcd.addUser("carol") }
        #expect(next < .seconds(4.5))
      }
      cluster.etcd.members[0].resume()
    }
  }

  // The client decides, so the oldest release and the one that most clusters run suffice.
  @Test(
    "repeatable calls survive the crash of their member",
    arguments: Array(EtcdRelease.main.prefix(1)) + EtcdRelease.current)
  func killed(release: EtcdRelease) async throws {
    try await TestCluster.with(release, members: 3) { cluster in
      try await cluster.secure()
      try await cluster.connect { etcd in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<8 {
            group.addTask {
              for _ in 0..<60 {
                _ = try await etcd.users()
                _ = try await etcd.value(of: "/k")
                try await Task.sleep(for: .milliseconds(10))
              }
            }
          }
          group.addTask {
            try await Task.sleep(for: .milliseconds(300))
            cluster.etcd.members[0].crash()
          }
          try await group.waitForAll()
        }
      }
    }
  }

  @Test(
    "an interruption keeps the connection of a call that must complete",
    arguments: EtcdRelease.one)
  func interrupted(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release)
    let names = (0..<20).map { _ in unique("user") }
    let work = Task {
      try await cluster.connect { etcd in
        try await Task {
          for name in names {
            try await etcd.addUser(name)
            try await Task.sleep(for: .milliseconds(20))
          }
        }.value
      }
    }
    try await Task.sleep(for: .milliseconds(100))
    work.cancel()
    try await work.value
    let users = try await cluster.connect { try await $0.users() }
    #expect(Set(names).isSubset(of: users))
  }
}
