import Etcd
import Foundation
import Keyspace
import Segmentation
import TestClusters
import Testing

@testable import Reconciliation

@Suite("The lock", .realEtcd, .timeLimit(.minutes(30)))
struct LockTests {
  /// The time to live of the lock's lease in these tests, in seconds.
  private let term = 4
  private let holder = LockOwner(
    host: "host-1", process: 4711, user: "alice", since: Date(timeIntervalSince1970: 1_800_000_000))

  @Test("has one holder at a time, which a failed attempt reports", arguments: EtcdRelease.main)
  func exclusive(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      for withAuth in [false, true] {
        if withAuth { try await cluster.secure() }
        try await cluster.connect { etcd in
          try await ClusterLock.holding(etcd, as: holder, wait: .zero, term: term) { lock in
            try await lock.check()
            let value = try await cluster.etcdctl("get", "--print-value-only", "/bulkhead/v1/lock")
            #expect(
              value.trimmingCharacters(in: .newlines)
                == #"{"host":"host-1","process":4711,"since":"2027-01-15T08:00:00Z","user":"alice"}"#)
            await #expect(throws: LockError.held(by: holder)) {
              try await ClusterLock.holding(etcd, as: holder, wait: .seconds(1)) { _ in }
            }
            // Renewed for longer than its time to live.
            if withAuth { try await Task.sleep(for: .seconds(Double(term) * 1.5)) }
            try await lock.check()
            try await lock.put([7], at: "/bulkhead/v1/test")
          }
          // Released at once.
          try await ClusterLock.holding(etcd, as: holder, wait: .zero) { _ in }
          #expect(try await etcd.value(of: "/bulkhead/v1/test") == [7])
        }
      }
    }
  }

  @Test("a plan beside a holder reports the holder, and whether it still runs", arguments: EtcdRelease.main)
  func seen(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.secure()
      let root = try cluster.credentials(of: "root")
      try await cluster.connect { etcd in
        #expect(try await Survey.take(etcd, as: root).lock == nil)
        let during = try await ClusterLock.holding(etcd, as: holder, wait: .zero, term: term) { _ in
          // Renewed for longer than its time to live.
          try await Task.sleep(for: .seconds(Double(term) * 1.2))
          return try await Survey.take(etcd, as: root)
        }
        #expect(during.lock == LockStatus(holder: holder, standing: .renewed))
        #expect(try await during.lockSince(etcd) == LockStatus(holder: holder, standing: .ended))

        // This lease is not renewed, and the next key has no lease.
        let lease = try await etcd.grantLease(seconds: Int64(term))
        _ = try await etcd.put(
          try holder.bytes, at: OwnKeys.lock, with: lease, onlyIf: OwnKeys.lock, wasMadeAt: 0)
        var standings: [LockStatus.Standing] = []
        while let lock = try await Survey.take(etcd, as: root).lock {
          if lock.standing != standings.last { standings.append(lock.standing) }
          try await Task.sleep(for: .milliseconds(300))
        }
        guard case .silent(let freeIn) = standings.last else {
          Issue.record("\(standings)")
          return
        }
        #expect(freeIn < .seconds(term) / 2)
        try await etcd.put([1], at: OwnKeys.lock)
        #expect(try await Survey.take(etcd, as: root).lock == LockStatus(holder: nil, standing: .endless))
      }
    }
  }

  @Test("a waiting process gets it when the holder dies", arguments: EtcdRelease.main)
  func deadHolder(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.connect { etcd in
        // This lease is not renewed.
        let lease = try await etcd.grantLease(seconds: Int64(term))
        let revision = try await etcd.put(
          try holder.bytes, at: OwnKeys.lock, with: lease, onlyIf: OwnKeys.lock, wasMadeAt: 0)
        #expect(revision != nil)
        try await ClusterLock.holding(etcd, as: holder, wait: .seconds(60)) { try await $0.check() }
      }
    }
  }

  @Test(
    "without its lease a process can neither continue nor write the record", arguments: EtcdRelease.main)
  func lostLease(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.secure()
      try await cluster.connect { etcd in
        try await ClusterLock.holding(etcd, as: holder, wait: .zero) { lock in
          // As in a process that was paused for longer than the time to live.
          let entry = try await etcd.entries(in: .key(OwnKeys.lock)).first
          try await etcd.revoke(try #require(entry?.lease))
          await #expect(throws: LockError.self) { try await lock.put([7], at: "/bulkhead/v1/test") }
          lock.doubt()
          let error = await #expect(throws: ApplyError.self) {
            let plan = try await TestCluster.plan(etcd, .sample)
            try await Apply(etcd, lock: lock).run(plan, desired: DesiredState(.sample))
          }
          guard case .unlocked(done: 0, _, .lost) = error else {
            Issue.record("ended with \(String(describing: error))")
            return
          }
          #expect(try await etcd.users() == ["root"])
          #expect(try await etcd.value(of: "/bulkhead/v1/test") == nil)
        }
      }
    }
  }
}
