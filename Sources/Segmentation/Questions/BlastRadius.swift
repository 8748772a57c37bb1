import Keyspace

/// What a thief of an identity's certificate can do, by Calico's and Kubernetes' names.
public struct BlastRadius: Hashable, Sendable {
  public enum Extent: Hashable, Sendable { case none, some, all }

  /// One kind of thing that can be reached.
  public struct Reach: Hashable, Sendable {
    /// What it is, in the plural: `Tiers`.
    public let name: String
    public let readable: KeyRangeSet
    /// What can be made, changed and deleted. etcd has no finer access.
    public let writable: KeyRangeSet
    public let reads: Extent
    public let writes: Extent
  }

  public let identity: Identity
  /// Users and roles can be changed as well, and with them everything else.
  public let isRoot: Bool
  /// In the order of the keys of Calico and Kubernetes, what belongs to neither at the end.
  public let reaches: [Reach]
  /// What this identity may write although it is not its node's own, with the reason in ``Role/Line/whyShared`` or
  /// ``Role/Line/why``. Only for an identity that is a node's own.
  public let shared: [RoleLine]
  private let permissions: Permissions

  /// How much of a real cluster that is.
  public struct Tally: Hashable, Sendable {
    public let keys: Int
    public let readable: Int
    public let writable: Int
    /// How many keys the one user of a cluster that is not segmented may read and write: all of Calico.
    public let singleUser: Int
  }

  public func tally(of keys: some Sequence<Key>) -> Tally {
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
  public func blastRadius(of user: String) throws(UnknownIdentity) -> BlastRadius {
    BlastRadius(try known(user), in: self)
  }

  public var blastRadii: [BlastRadius] { identities.map { BlastRadius($0, in: self) } }
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
