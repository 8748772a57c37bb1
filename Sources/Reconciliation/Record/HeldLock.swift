import Etcd
import Keyspace

/// The lock as seen by somebody who does not want it: who changes users and roles at this moment, and whether they
/// still live. What is read meanwhile may be half of what they do.
package struct HeldLock: Hashable, Sendable {
  /// nil if the lock's value tells nothing.
  package let holder: LockHolder?
  package let standing: Standing

  package enum Standing: Hashable, Sendable {
    /// Its holder renews it.
    case renewed
    /// Its holder has not renewed it for longer than one that lives does; in so long it is free.
    case silent(freeIn: Duration)
    /// It has no lease: somebody made it by hand, and it does not end by itself.
    case endless
    /// It was held when reading began, and is no longer.
    case ended
  }
}

extension HeldLock {
  /// The lock among Bulkhead's own entries; nil if nobody holds it.
  static func of(_ own: [Entry], _ etcd: EtcdClient) async throws(EtcdError) -> HeldLock? {
    guard let entry = own.first(where: { $0.key == OwnKeys.lock }) else { return nil }
    let holder = LockHolder(entry.value)
    guard let lease = entry.lease else { return HeldLock(holder: holder, standing: .endless) }
    let remaining = try await etcd.remaining(of: lease) ?? .zero
    // Whoever lives renews it four times in a term, so in half a term two renewals are missing.
    let isRenewed = remaining >= .seconds(ClusterLock.term) / 2
    return HeldLock(holder: holder, standing: isRenewed ? .renewed : .silent(freeIn: remaining))
  }
}

extension Survey {
  /// Who changed users and roles at any moment since this survey, as far as is seen; nil if nobody did.
  package func lockSince(_ etcd: EtcdClient) async throws(EtcdError) -> HeldLock? {
    if let now = try await HeldLock.of(etcd.entries(in: .key(OwnKeys.lock)), etcd) { return now }
    return lock.map { HeldLock(holder: $0.holder, standing: .ended) }
  }
}
