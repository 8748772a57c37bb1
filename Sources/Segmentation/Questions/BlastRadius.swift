import Keyspace

/// What someone with a stolen certificate of the identity can do, in the terms of Calico and Kubernetes.
package struct BlastRadius: Hashable, Sendable {
  /// How much of a place can be reached.
  package enum Extent: Hashable, Sendable { case none, some, all }

  /// One kind of object that can be reached.
  package struct Reach: Hashable, Sendable {
    /// The kind, in the plural: `Tiers`.
    package let name: String
    package let readable: KeyRangeSet
    /// The keys that can be created, changed and deleted. etcd has no finer access.
    package let writable: KeyRangeSet
    package let reads: Extent
    package let writes: Extent
  }

  package let identity: Identity
  /// The identity can also change users and roles, and so gain access to everything.
  package let isRoot: Bool
  /// In the order of the keys of Calico and Kubernetes, keys of neither at the end.
  package let reaches: [Reach]
  /// What an identity of a single node may write outside that node's own keys, with the reason in
  /// ``Role/Line/whyShared`` or ``Role/Line/why``. Empty for identities that are not bound to a node.
  package let shared: [RoleLine]
  private let permissions: Permissions

  /// How many keys of a real cluster can be reached.
  package struct Tally: Hashable, Sendable {
    package let keys: Int
    package let readable: Int
    package let writable: Int
    /// The number of keys that the single user of an unsegmented cluster can read and write: all of Calico.
    package let singleUser: Int
  }

  /// Counts the keys that can be reached.
  /// - Parameter keys: All keys of a cluster.
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

  /// The blast radius of each identity, in their order.
  package var blastRadii: [BlastRadius] { identities.map { BlastRadius($0, in: self) } }
}

extension BlastRadius {
  fileprivate init(_ identity: Identity, in segmentation: Segmentation) {
    self.identity = identity
    isRoot = identity.isRoot
    let permissions = segmentation.permissions(of: identity)
    self.permissions = permissions
    reaches = segmentation.keyNames.parts.compactMap { name, keys in
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
