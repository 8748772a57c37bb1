import Etcd
import Keyspace
import Reconciliation
import Segmentation

/// Keys that exist and that no user but administrators may read or write: leftovers of other releases, or of a program
/// that the file lacks.
package enum UnownedKeys: Hashable, Sendable {
  package struct Part: Hashable, Sendable {
    /// The kind of keys: `other Calico resources`.
    package let name: String
    package let count: Int
    /// The first of them.
    package let witness: Key

    /// `Tiers: 2 keys, such as /calico/…,`
    package var words: String { "\(name): \(count == 1 ? "1 key" : "\(count) keys"), such as \(witness)," }
  }

  case found([Part])
  /// The grants leave so many gaps that they were not asked.
  case tooManyGaps(Int)

  /// One call for each gap between the grants, and two for a gap with keys.
  package static let mostGaps = 300

  /// Counts the keys; reads no value.
  /// - Parameter range: Where to look.
  package static func ask(
    _ etcd: EtcdClient, _ segmentation: Segmentation, _ state: ClusterState, in range: KeyRange = .everything
  ) async throws(EtcdError) -> UnownedKeys {
    let reached = KeyChecks.reachable(segmentation, state)
    // Where no grant begins, a whole beginning without a user is reported instead.
    guard range == .everything || !reached.intersection(range).isEmpty else { return .found([]) }
    let parts = segmentation.keyNames.parts.map { (name: $0.name, keys: $0.keys.intersection(range).subtracting(reached)) }
    let gaps = parts.reduce(0) { $0 + $1.keys.ranges.count }
    guard gaps <= mostGaps else { return .tooManyGaps(gaps) }
    var found: [Part] = []
    for part in parts {
      var count = 0
      var witness: Key?
      for gap in part.keys.ranges {
        let number = try await etcd.count(in: gap)
        count += number
        if number > 0, witness == nil { witness = try await etcd.firstKey(in: gap) }
      }
      if let witness { found.append(Part(name: part.name, count: count, witness: witness)) }
    }
    return .found(found)
  }
}
