import Etcd
import Keyspace

/// The lock as a process sees it that only reads: which process changes users and roles now, and whether it
/// still runs. What is read meanwhile may be half of its changes.
package struct LockStatus: Hashable, Sendable {
  /// nil if the value of the lock cannot be read.
  package let holder: LockOwner?
  package let standing: Standing

  /// Whether the holder still runs, judged by the remaining time of its lease.
  package enum Standing: Hashable, Sendable {
    /// The holder renews the lease.
    case renewed
    /// The holder has missed renewals; the lock is free after this time.
    case silent(freeIn: Duration)
    /// The key has no lease: it was written by hand, and does not expire.
    case endless
    /// The lock was held when reading began, and has been released since.
    case ended
  }
}

extension LockStatus {
  /// The lock among the entries below `/bulkhead/v1/`; nil if it is free.
  static func of(_ own: [Entry], _ etcd: EtcdClient) async throws(EtcdError) -> LockStatus? {
    guard let entry = own.first(where: { $0.key == OwnKeys.lock }) else { return nil }
    let holder = LockOwner(entry.value)
    guard let lease = entry.lease else { return LockStatus(holder: holder, standing: .endless) }
    let time = try await etcd.remaining(of: lease)
    let remaining = time?.remaining ?? .zero
    // A running holder renews four times per time to live, so at half of it two renewals are missing.
    let isRenewed = time.map { $0.remaining >= $0.granted / 2 } ?? false
    return LockStatus(holder: holder, standing: isRenewed ? .renewed : .silent(freeIn: remaining))
  }

  /// Waits until no process holds the lock, or the time is over.
  /// - Parameter waiting: Called with each look that finds the lock held.
  /// - Returns: The lock as it was found last; nil if it is free.
  package static func whenFree(
    _ etcd: EtcdClient, within patience: Duration, waiting: (LockStatus) -> Void
  ) async throws -> LockStatus? {
    let deadline = ContinuousClock.now + patience
    while let lock = try await of(etcd.entries(in: .key(OwnKeys.lock)), etcd) {
      guard ContinuousClock.now < deadline else { return lock }
      waiting(lock)
      try await Task.sleep(for: .milliseconds(500))
    }
    return nil
  }
}

extension Survey {
  /// The process that changed users and roles at any moment since this survey, as far as that is visible; nil
  /// if none did.
  package func lockSince(_ etcd: EtcdClient) async throws(EtcdError) -> LockStatus? {
    if let now = try await LockStatus.of(etcd.entries(in: .key(OwnKeys.lock)), etcd) { return now }
    return lock.map { LockStatus(holder: $0.holder, standing: .ended) }
  }
}
