import Keyspace
import Names
import TestClusters
import TestSupport
import Testing
import ThrowawayEtcd

@testable import Etcd

/// Many calls in flight on one connection while something happens to it: each that fails says whether it was surely not
/// processed, and none is made twice.
@Suite("Calls that are interrupted", .realEtcd, .timeLimit(.minutes(30)))
struct InterruptedCallTests {
  private enum Fate: String, CaseIterable, CustomTestStringConvertible {
    case killed = "the member is killed"
    case stopped = "the member is stopped with SIGTERM"
    case paused = "the member is paused for a while"
    var testDescription: String { rawValue }
  }

  @Test("by a stop of the member, which says goodbye", arguments: EtcdRelease.client)
  func stopped(release: EtcdRelease) async throws { try await check(release, .stopped) }

  @Test("by what happens to the member", arguments: EtcdRelease.current, [Fate.killed, .paused])
  private func member(release: EtcdRelease, fate: Fate) async throws { try await check(release, fate) }

  private func check(_ release: EtcdRelease, _ fate: Fate) async throws {
    try await TestCluster.with(release) { cluster in
      let writes = CountedWrites()
      try await cluster.connect(timeout: .seconds(3)) { etcd in
        async let work: Void = writes.run(etcd, width: 64)
        var member = cluster.etcd.members[0]
        for _ in 0..<2 {
          let before = writes.count
          #expect(try await eventually { writes.count > before + 200 })
          switch fate {
          case .killed:
            member.crash()
            member = try member.startAgain()
          case .stopped:
            member.stop()
            member = try member.startAgain()
          case .paused:
            member.pause()
            try await Task.sleep(for: .milliseconds(300))
            member.resume()
          }
        }
        defer { member.stop() }
        #expect(try await eventually { (try? await etcd.within(.milliseconds(500)).revision()) != nil })
        try await Task.sleep(for: .milliseconds(200))
        writes.end()
        await work
        let counts = try await writes.check(etcd)
        #expect(counts.made > 100)
        if fate == .killed { #expect(counts.maybe > 0) }
        if fate == .paused { #expect(counts.maybe == 0 && counts.notProcessed == 0) }
      }
    }
  }

  @Test("by what happens on the way", arguments: EtcdRelease.current, FaultyWay.Fault.allCases)
  func way(release: EtcdRelease, fault: FaultyWay.Fault) async throws {
    let seed = Int.random(in: 0...1_000_000)
    var random = SeededGenerator(seed: seed)
    let records = (0..<5).map { _ in Int.random(in: 1...40, using: &random) }
    let cluster = try await SharedClusters.all.cluster(release, for: "values")
    let way = try FaultyWay(to: cluster.etcd.endpoints[0].port)
    defer { way.end() }
    let writes = CountedWrites()
    try await EtcdClient.connect(
      to: [try Endpoint("https://127.0.0.1:\(way.port)")], as: cluster.etcd.root, timeout: .seconds(2)
    ) { etcd in
      async let work: Void = writes.run(etcd, width: 16)
      for record in records {
        way.fail(at: record, with: fault)
        #expect(try await eventually { way.records >= record })
        try await Task.sleep(for: .milliseconds(fault == .fallSilent ? 700 : 100))
        // What is silent is broken off, so that the next connection can be made.
        if fault == .fallSilent { way.heal() }
      }
      way.heal()
      writes.end()
      await work
    }
    let counts = try await cluster.connect { try await writes.check($0) }
    #expect(counts.made > 20, "seed \(seed): \(counts)")
    if fault != .delay { #expect(counts.maybe + counts.notProcessed > 0, "seed \(seed): \(counts)") }
  }

  @Test("by a deadline or by the caller, at once and without the connection", arguments: EtcdRelease.client)
  func given(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.connect { etcd async throws in
        _ = try await etcd.revision()
        cluster.etcd.members[0].pause()
        defer { cluster.etcd.members[0].resume() }
        let short = etcd.within(.milliseconds(300))
        let waited = try await duration { () async throws in
          #expect(try await failure { try await short.put([], at: "/deadline") } == .deadlineExceeded)
        }
        #expect(waited > .milliseconds(290) && waited < .milliseconds(1_500), "\(waited)")

        let call = Task { try await failure { try await etcd.put([], at: "/cancelled") } }
        try await Task.sleep(for: .milliseconds(50))
        let ended = try await duration { () async throws in
          call.cancel()
          #expect(try await call.value == .cancelled)
        }
        #expect(ended < .milliseconds(500), "\(ended)")

        let early = Task {
          try? await Task.sleep(for: .seconds(10))
          return try await failure { try await etcd.put([], at: "/never") }
        }
        early.cancel()
        #expect(try await early.value == .cancelled)
        cluster.etcd.members[0].resume()
        // The same connection goes on.
        #expect(try await etcd.value(of: "/never") == nil)
      }
    }
  }
}
