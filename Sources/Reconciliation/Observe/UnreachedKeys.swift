import Etcd
import Keyspace
import Segmentation

/// Keys that only administrators can reach once authentication is on: the programs that use them would be locked out.
///
/// Users that exist in etcd count as well as those of the file, because another file may manage them. Of users with the
/// role root only kube-apiserver counts, with its own keys: which keys others use is unknown.
package struct UnreachedKeys: Hashable, Sendable {
  /// How the keys begin that are not allowed, and how many there are.
  package let segments: [FirstSegment]
  /// Those below the prefixes that may stay unreached.
  package let allowed: [FirstSegment]

  /// - Parameters:
  ///   - etcd: A client of a user with the role root.
  ///   - desired: What the file defines, whether it is applied or not.
  ///   - state: The users and roles in etcd.
  ///   - prefixes: What keys begin with that no user but administrators has to reach.
  package static func find(
    _ etcd: EtcdClient, _ desired: DesiredState, _ state: ClusterState, allowing prefixes: [Key] = []
  ) async throws(EtcdError) -> UnreachedKeys {
    UnreachedKeys(
      try await etcd.firstSegments(outside: reached(desired, state)), allowing: prefixes)
  }

  init(_ all: [FirstSegment], allowing prefixes: [Key] = []) {
    func isAllowed(_ segment: FirstSegment) -> Bool {
      prefixes.contains { KeyRange.prefix($0).contains(segment.range) }
    }
    segments = all.filter { !isAllowed($0) }
    allowed = all.filter(isAllowed)
  }

  /// The keys that some user may read or write.
  package static func reached(_ desired: DesiredState, _ state: ClusterState) -> KeyRangeSet {
    let others = state.users.values.filter { !$0.roles.contains(Role.root) }
      .flatMap { $0.roles.flatMap { state.roles[$0] ?? [] } }.map(\.grant.range)
    return desired.reachedKeys.union(KeyRangeSet(others))
  }
}

extension FirstSegment {
  /// `2 keys of /service/*`.
  var words: String { "\(keys == 1 ? "1 key" : "\(keys) keys") of \(range)" }
}
