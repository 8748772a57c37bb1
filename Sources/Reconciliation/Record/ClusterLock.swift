import Etcd
import Keyspace
import Synchronization

/// Keeps two from changing a cluster's users and roles at the same time.
///
/// A key with a lease: whoever makes it has the lock, and while they live they renew the lease. When they die, killed
/// or cut off, etcd deletes the key within seconds of the lease's term. The auth store itself knows no conditions, so
/// the holder asks ``check()`` before each write.
package struct ClusterLock: Sendable {
  /// The lease's term.
  static let term = 10

  private let etcd: EtcdClient
  private let lease: Lease
  private let state: State

  private final class State: Sendable {
    /// Until when the lease is sure to last. This clock goes on while the process or the machine sleeps.
    let sureUntil: Mutex<ContinuousClock.Instant>
    /// The revision at which the key was made.
    let revision = Mutex<Int64>(0)

    init(sureUntil: ContinuousClock.Instant) { self.sureUntil = Mutex(sureUntil) }
  }

  /// Takes the lock, runs `body` and gives the lock back.
  /// - Parameters:
  ///   - wait: How long to wait for another holder.
  ///   - waiting: Called with the other holder while waiting; nil if the lock's value tells nothing.
  /// - Throws: ``LockError/held(by:)`` if another holds it to the end; ``EtcdError``; what `body` throws.
  package static func holding<Result: Sendable>(
    _ etcd: EtcdClient, as holder: LockHolder, wait: Duration,
    waiting: (LockHolder?) -> Void = { _ in }, _ body: (ClusterLock) async throws -> Result
  ) async throws -> Result {
    let asked = ContinuousClock.now
    let lease = try await etcd.grantLease(seconds: Int64(term))
    // Short calls: a member that is silent must not use up the lease's term.
    let lock = ClusterLock(
      etcd: etcd.within(.seconds(3)), lease: lease, state: State(sureUntil: sure(from: asked)))
    let renewing = Task { await lock.keepRenewing() }
    do {
      try await lock.take(try holder.bytes, until: asked + wait, waiting)
      let result = try await body(lock)
      await lock.giveBack(renewing)
      return result
    } catch {
      await lock.giveBack(renewing)
      throw error
    }
  }

  /// Makes sure that the lock is still held, without a call while the lease is sure to last.
  /// - Throws: ``LockError/lost(_:)`` if it is not, or if nobody can be asked.
  package func check() async throws(LockError) {
    if ContinuousClock.now < state.sureUntil.withLock({ $0 }) { return }
    for attempt in 1... {
      switch await renewal() {
      case .success(true): return
      case .success(false): throw .lost("its lease has ended")
      case .failure(let error):
        if attempt == 3 { throw .lost("\(error)") }
        try? await Task.sleep(for: .seconds(1))
      }
    }
  }

  /// Makes the next check ask etcd.
  func doubt() { state.sureUntil.withLock { $0 = .now } }

  /// Writes a value that only the holder of the lock may write.
  /// - Throws: ``LockError/lost(_:)``; ``EtcdError``.
  func put(_ value: [UInt8], at key: Key) async throws {
    for attempt in 1...3 {
      do {
        let revision = try await etcd.put(
          value, at: key, onlyIf: OwnKeys.lock, wasMadeAt: state.revision.withLock { $0 })
        guard revision != nil else { throw LockError.lost("its key is gone") }
        return
      } catch let error as EtcdError where error.isTransient && attempt < 3 {
        // Writing the same twice does no harm.
        try? await Task.sleep(for: .milliseconds(300 * attempt))
      }
    }
  }

  private func take(
    _ value: [UInt8], until deadline: ContinuousClock.Instant, _ waiting: (LockHolder?) -> Void
  ) async throws {
    while true {
      let isPatient = ContinuousClock.now < deadline
      let revision = try await patiently(isPatient) { () async throws(EtcdError) in
        try await etcd.put(value, at: OwnKeys.lock, with: lease, onlyIf: OwnKeys.lock, wasMadeAt: 0)
      }
      if let revision {
        state.revision.withLock { $0 = revision }
        return
      }
      let entry = try await patiently(isPatient) { () async throws(EtcdError) in
        try await etcd.entries(in: .key(OwnKeys.lock)).first
      }
      if let entry {
        // The answer to the making of it was lost.
        if entry.lease == lease {
          state.revision.withLock { $0 = entry.createRevision }
          return
        }
        let holder = LockHolder(entry.value)
        guard ContinuousClock.now < deadline else { throw LockError.held(by: holder) }
        waiting(holder)
      }
      try await Task.sleep(for: .milliseconds(500))
    }
  }

  /// - Parameter isPatient: Says nothing of a member that is away or silent.
  /// - Returns: What `body` returns; nil too where nobody knows.
  private func patiently<Value>(
    _ isPatient: Bool, _ body: () async throws(EtcdError) -> Value?
  ) async throws(EtcdError) -> Value? {
    do { return try await body() } catch {
      guard isPatient, error.isTransient else { throw error }
      return nil
    }
  }

  private func keepRenewing() async {
    while !Task.isCancelled {
      try? await Task.sleep(for: .seconds(Self.term) / 4)
      if !Task.isCancelled { _ = await renewal() }
    }
  }

  /// Whether there still is a lease, and so the key that was made with it.
  private func renewal() async -> Result<Bool, EtcdError> {
    let asked = ContinuousClock.now
    do {
      let isThere = try await etcd.renew(lease)
      if isThere { state.sureUntil.withLock { $0 = max($0, Self.sure(from: asked)) } }
      return .success(isThere)
    } catch {
      return .failure(error)
    }
  }

  /// A second less than the term that began when this was asked.
  private static func sure(from asked: ContinuousClock.Instant) -> ContinuousClock.Instant {
    asked + .seconds(term - 1)
  }

  /// In a task of its own, which an interruption does not reach. Where it fails, the lease ends by itself.
  private func giveBack(_ renewing: Task<Void, Never>) async {
    renewing.cancel()
    await Task { try? await etcd.revoke(lease) }.value
  }
}

/// Why there is no lock.
package enum LockError: Error, Hashable, Sendable {
  case held(by: LockHolder?)
  /// It was held and is no longer, or nobody can say.
  case lost(String)
}

extension LockError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .held(let holder):
      "somebody else is changing this cluster's users and roles: \(holder.map(\.description) ?? "unknown")"
    case .lost(let reason): "the lock on the cluster's users and roles was lost: \(reason)"
    }
  }

  package var hint: String {
    switch self {
    case .held:
      "wait for them, longer with --wait; the lock of a process that has died is free after \(ClusterLock.term) s"
    case .lost:
      "was this process or the cluster paused? run the same command again: what is done stays done"
    }
  }
}
