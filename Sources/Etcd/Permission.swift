import Keyspace

/// One permission of a role exactly as etcd stores it.
///
/// Two permissions may cover the same keys and still differ (`k` with an empty end, and `k` to `k\x00`). etcd
/// revokes by the stored bytes, so roles are compared by these.
package struct Permission: Hashable, Sendable {
  package let access: Access
  package let key: [UInt8]
  package let rangeEnd: [UInt8]

  /// The permission that Bulkhead writes for a grant: a single key has an empty end, an unbounded range the
  /// end `\x00`.
  package init(_ grant: Grant) {
    access = grant.access
    key = grant.range.lower.bytes
    rangeEnd = grant.range.rangeEnd
  }

  init(_ wire: PermissionMessage) {
    key = wire.key
    rangeEnd = wire.rangeEnd
    access =
      switch wire.kind {
      case .read: .read
      case .write: .write
      case .readwrite: .readwrite
      default: []
      }
  }

  package var grant: Grant { Grant(KeyRange(key: key, rangeEnd: rangeEnd), access) }

  /// The same range with additional access.
  package func allowing(_ more: Access) -> Permission {
    Permission(access: access.union(more), key: key, rangeEnd: rangeEnd)
  }

  /// A permission that was stored with these bytes.
  package init(access: Access, key: [UInt8], rangeEnd: [UInt8]) {
    (self.access, self.key, self.rangeEnd) = (access, key, rangeEnd)
  }

  /// Whether two permissions have the same key and range end, so that etcd treats them as one entry.
  package func hasSameRange(as other: Permission) -> Bool { key == other.key && rangeEnd == other.rangeEnd }

  var wire: PermissionMessage {
    PermissionMessage(
      kind: access == .read ? .read : access == .write ? .write : .readwrite, key: key, rangeEnd: rangeEnd)
  }
}
