/// Everything that one etcd user may do with keys: the union of the grants of all its roles.
package struct Permissions: Hashable, Sendable {
  package let readable: KeyRangeSet
  package let writable: KeyRangeSet

  package init(_ grants: some Sequence<Grant>) {
    readable = KeyRangeSet(grants.filter { $0.access.contains(.read) }.map(\.range))
    writable = KeyRangeSet(grants.filter { $0.access.contains(.write) }.map(\.range))
  }

  private init(readable: KeyRangeSet, writable: KeyRangeSet) {
    self.readable = readable
    self.writable = writable
  }

  /// What these or the other permissions allow.
  package func union(_ other: Permissions) -> Permissions {
    Permissions(readable: readable.union(other.readable), writable: writable.union(other.writable))
  }

  /// Whether any of these keys can be read or written.
  package func reach(_ keys: KeyRangeSet) -> Bool {
    !readable.intersection(keys).isEmpty || !writable.intersection(keys).isEmpty
  }

  /// What the role `root` allows, whatever its grants are (etcd, `server/auth/store.go`, `isOpPermitted`).
  package static let root = Permissions([Grant(.everything, .readwrite)])

  /// Whether etcd permits a request for `range`. A request that needs both kinds of access needs each of
  /// them.
  ///
  /// A request whose end is not after its start covers no key, reads nothing and writes nothing. etcd permits
  /// it only if its first key is granted, and with several grants not always then, because its search tree
  /// expects intervals in order (etcd, `pkg/adt/interval_tree.go`, `visit`).
  package func allow(_ access: Access, _ range: KeyRange) -> Bool {
    range.isEmpty
      ? allow(access, range.lower)
      : (!access.contains(.read) || readable.contains(range))
        && (!access.contains(.write) || writable.contains(range))
  }

  /// Whether a request for one key passes.
  package func allow(_ access: Access, _ key: Key) -> Bool {
    (!access.contains(.read) || readable.contains(key))
      && (!access.contains(.write) || writable.contains(key))
  }

  /// Whether these permissions allow everything that `other` allows.
  package func include(_ other: Permissions) -> Bool {
    readable.contains(other.readable) && writable.contains(other.writable)
  }
}
