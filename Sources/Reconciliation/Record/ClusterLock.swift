import Errors
import Etcd
import Keyspace
import Synchronization

/// A lock, so that only one process at a time changes the users and roles of a cluster.
///
/// The lock is a key with a lease: the process that creates the key has the lock, and renews the lease while
/// it runs. When it is killed or cut off, etcd deletes the key when the lease expires. The auth store has no
/// conditional writes, so the holder calls ``check()`` before each write.
package struct ClusterLock: Sendable {
  /// The time to live of the lease, in seconds.
  static let usualTerm = 10

  private let etcd: EtcdClient
  /// nil for ``none(_:)``.
  private let lease: Lease?
  /// The time to live of the lease, in seconds.
  private let term: Int
  private let state: State

  /// No lock: for changes in an emergency while etcd's store is full, when etcd grants no lease. Checks
  /// succeed, and nothing is written to the store.
  package static func none(_ etcd: EtcdClient) -> ClusterLock {
    ClusterLock(etcd: etcd, lease: nil, term: usualTerm, state: State(sureUntil: .now))
  }

  /// Whether this is ``none(_:)``.
  var isNone: Bool { lease == nil }

  private final class State: Sendable {
    /// The lease does not expire before this moment. The clock keeps running while the process or the machine
    /// sleeps.
    let sureUntil: Mutex<ContinuousClock.Instant>
    /// The revision at which the key was created.
    let revision = Mutex<Int64>(0)

    init(sureUntil: ContinuousClock.Instant) { self.sureUntil = Mutex(sureUntil) }
  }

  /// Acquires the lock, runs `body` and releases the lock.
  /// - Parameters:
  ///   - wait: How long to wait for another holder.
  ///   - term: The time to live of the lease, in seconds. etcd raises a value below its election timeout, about
  ///     two seconds.
  ///   - waiting: Called with the other holder while waiting; nil if the value of the lock cannot be read.
  /// - Throws: ``LockError/held(by:)`` if another process holds the lock until `wait` is over; ``EtcdError``;
  ///   what `body` throws.
  package static func holding<Result: Sendable>(
    _ etcd: EtcdClient, as holder: LockOwner, wait: Duration, term: Int = usualTerm,
    waiting: (LockOwner?) -> Void = { _ in }, _ body: (ClusterLock) async throws -> Result
  ) async throws -> Result {
    let asked = ContinuousClock.now
    let lease = try await etcd.grantLease(seconds: Int64(term))
    // Short timeouts: an unreachable member must not use up the time to live of the lease.
    let lock = ClusterLock(
      etcd: etcd.within(.seconds(3)), lease: lease, term: term,
      state: State(sureUntil: sure(from: asked, term: term)))
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

  /// Checks that the lock is still held; makes no call while the lease cannot have expired.
  /// - Throws: ``LockError/lost(_:)`` if it is not held, or if etcd cannot be asked.
  package func check() async throws(LockError) {
    if isNone { return }
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

  /// Writes a value on the condition that this process still holds the lock.
  /// - Throws: ``LockError/lost(_:)``; ``EtcdError``.
  func put(_ value: [UInt8], at key: Key) async throws { try await write([(key, value)]) }

  /// Writes values and deletes keys, all or nothing, on the condition that this process still holds the lock.
  /// - Throws: ``LockError/lost(_:)``; ``EtcdError``.
  func write(_ values: [(key: Key, value: [UInt8])], deleting keys: [Key] = []) async throws {
    guard !isNone else { return }
    for attempt in 1...3 {
      do {
        let revision = try await etcd.write(
          values, deleting: keys, onlyIf: OwnKeys.lock, wasMadeAt: state.revision.withLock { $0 })
        guard revision != nil else { throw LockError.lost("its key is missing") }
        return
      } catch let error as EtcdError where error.isTransient && attempt < 3 {
        // The write is idempotent.
        try? await Task.sleep(for: .milliseconds(300 * attempt))
      }
    }
  }

  private func take(
    _ value: [UInt8], until deadline: ContinuousClock.Instant, _ waiting: (LockOwner?) -> Void
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
        // The key is our own: the answer to the write that created it was lost.
        if entry.lease == lease {
          state.revision.withLock { $0 = entry.createRevision }
          return
        }
        let holder = LockOwner(entry.value)
        guard ContinuousClock.now < deadline else { throw LockError.held(by: holder) }
        waiting(holder)
      }
      try await Task.sleep(for: .milliseconds(500))
    }
  }

  /// - Parameter isPatient: If true, transient errors are ignored.
  /// - Returns: What `body` returns; nil after an ignored error.
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
      try? await Task.sleep(for: .seconds(term) / 4)
      if !Task.isCancelled { _ = await renewal() }
    }
  }

  /// Renews the lease. False if it has expired, and with it the key.
  private func renewal() async -> Result<Bool, EtcdError> {
    guard let lease else { return .success(true) }
    let asked = ContinuousClock.now
    do {
      let isThere = try await etcd.renew(lease)
      if isThere { state.sureUntil.withLock { $0 = max($0, Self.sure(from: asked, term: term)) } }
      return .success(isThere)
    } catch {
      return .failure(error)
    }
  }

  /// One second less than the time to live, counted from the moment of the request.
  private static func sure(from asked: ContinuousClock.Instant, term: Int) -> ContinuousClock.Instant {
    asked + .seconds(term - 1)
  }

  /// Releases the lock in a separate task, so that an interruption does not cancel it. If this fails, the
  /// lease expires.
  private func giveBack(_ renewing: Task<Void, Never>) async {
    renewing.cancel()
    guard let lease else { return }
    await Task { try? await etcd.revoke(lease) }.value
  }
}

/// Why the lock is not held.
package enum LockError: ExplainedError, Hashable, Sendable {
  case held(by: LockOwner?)
  /// The lock was held and has been lost, or etcd cannot be asked.
  case lost(String)
}

extension LockError {
  package var description: String {
    switch self {
    case .held(let holder):
      "another process changes this cluster's users and roles: \(holder.map(\.description) ?? "its name is unknown")"
    case .lost(let reason): "the lock on the cluster's users and roles was lost: \(reason)"
    }
  }

  package var hint: String? {
    switch self {
    case .held:
      "wait for it, longer with --wait; the lock of a process that has died is free after \(ClusterLock.usualTerm) s"
    case .lost:
      "this process or the cluster may have been paused: run the same command again, completed changes stay"
    }
  }
}
