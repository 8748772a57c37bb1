import Etcd
import Keyspace
import Reconciliation
import Segmentation

/// Keys of one kind that exist and that no user but administrators may read or write: leftovers of other releases, or of
/// a program that the file lacks.
package struct UnownedKeys: Hashable, Sendable {
  /// The kind of keys: `other Calico resources`; or how they begin.
  package let name: String
  package let count: Int
  /// The first of them.
  package let witness: Key

  /// One call for each gap between the grants, and two for a gap with keys. Where there are more, keys are told apart by
  /// how they begin.
  private static let mostGaps = 300

  /// Counts the keys; reads no value.
  package static func ask(
    _ etcd: EtcdClient, _ segmentation: Segmentation, _ state: ClusterState
  ) async throws(EtcdError) -> [UnownedKeys] {
    let reached = granted(segmentation, state)
    let parts = segmentation.keyNames.parts.map { (name: $0.name, keys: $0.keys.subtracting(reached)) }
    guard parts.reduce(0, { $0 + $1.keys.ranges.count }) <= mostGaps else {
      return try await etcd.firstSegments(outside: reached).map { segment in
        UnownedKeys(name: "\(segment.range)", count: segment.keys, witness: segment.range.lower)
      }
    }
    var found: [UnownedKeys] = []
    for part in parts {
      var count = 0
      var witness: Key?
      for gap in part.keys.ranges {
        let number = try await etcd.count(in: gap)
        count += number
        if number > 0, witness == nil { witness = try await etcd.firstKey(in: gap) }
      }
      if let witness { found.append(UnownedKeys(name: part.name, count: count, witness: witness)) }
    }
    return found
  }

  /// What a role of a user in the file or in etcd grants, kube-apiserver's keys, and Bulkhead's own. Other than
  /// ``UnreachedKeys``, which warns before a program is locked out, this does not count all keys of Calico as used.
  private static func granted(_ segmentation: Segmentation, _ state: ClusterState) -> KeyRangeSet {
    var ranges: [KeyRange] = [.bulkhead]
    for identity in segmentation.identities {
      if identity.purpose == .apiserver { ranges += [segmentation.kubernetes, .compaction] }
      guard !identity.isRoot else { continue }
      let permissions = segmentation.permissions(of: identity)
      ranges += permissions.readable.ranges + permissions.writable.ranges
    }
    for user in state.users.values where !user.roles.contains(Role.root) {
      ranges += user.roles.flatMap { state.roles[$0] ?? [] }.map(\.grant.range)
    }
    return KeyRangeSet(ranges)
  }
}
