import Keyspace

/// What a thief of an identity's certificate can do, by Calico's and Kubernetes' names.
package struct BlastRadius: Hashable, Sendable {
  package enum Extent: Hashable, Sendable { case none, some, all }

  /// One kind of thing that can be reached.
  package struct Reach: Hashable, Sendable {
    /// What it is, in the plural: `Tiers`.
    package let name: String
    package let readable: KeyRangeSet
    /// What can be made, changed and deleted. etcd has no finer access.
    package let writable: KeyRangeSet
    package let reads: Extent
    package let writes: Extent
  }

  package let identity: Identity
  /// Users and roles can be changed as well, and with them everything else.
  package let isRoot: Bool
  /// In the order of the keys of Calico and Kubernetes, what belongs to neither at the end.
  package let reaches: [Reach]
  /// What this identity may write although it is not its node's own, with the reason in ``Role/Line/whyShared`` or
  /// ``Role/Line/why``. Only for an identity that is a node's own.
  package let shared: [RoleLine]
  private let permissions: Permissions

  /// How much of a real cluster that is.
  package struct Tally: Hashable, Sendable {
    package let keys: Int
    package let readable: Int
    package let writable: Int
    /// How many keys the one user of a cluster that is not segmented may read and write: all of Calico.
    package let singleUser: Int
  }

  package func tally(of keys: some Sequence<Key>) -> Tally {
    var (all, readable, writable, single) = (0, 0, 0, 0)
    for key in keys {
      all += 1
      if permissions.readable.contains(key) { readable += 1 }
      if permissions.writable.contains(key) { writable += 1 }
      if key.hasPrefix("/calico/") { single += 1 }
    }
    return Tally(keys: all, readable: readable, writable: writable, singleUser: single)
  }
}

extension Segmentation {
  /// - Throws: ``UnknownIdentity``, with the nearest name.
  package func blastRadius(of user: String) throws(UnknownIdentity) -> BlastRadius {
    BlastRadius(try known(user), in: self)
  }

  package var blastRadii: [BlastRadius] { identities.map { BlastRadius($0, in: self) } }
}

extension BlastRadius {
  fileprivate init(_ identity: Identity, in segmentation: Segmentation) {
    self.identity = identity
    isRoot = identity.isRoot
    let permissions = segmentation.permissions(of: identity)
    self.permissions = permissions
    reaches = KeyNames.parts.compactMap { name, keys in
      let readable = permissions.readable.intersection(keys)
      let writable = permissions.writable.intersection(keys)
      guard !readable.isEmpty || !writable.isEmpty else { return nil }
      return Reach(
        name: name, readable: readable, writable: writable, reads: Extent(of: readable, in: keys),
        writes: Extent(of: writable, in: keys))
    }
    shared =
      identity.node == nil
      ? []
      : segmentation.lines(of: identity).filter {
        $0.role != identity.user && $0.line.grant.access.contains(.write)
      }
  }
}

extension BlastRadius.Extent {
  init(of part: KeyRangeSet, in whole: KeyRangeSet) {
    self = part.isEmpty ? .none : part == whole ? .all : .some
  }
}
