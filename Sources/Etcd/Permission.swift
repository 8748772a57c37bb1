import Keyspace

/// One permission of a role exactly as etcd stores it.
///
/// Two permissions may mean the same keys and still be two (`k` with an empty end, and `k` to `k\x00`), and revoking
/// needs the stored bytes, so roles are compared by these and not by what they mean.
package struct Permission: Hashable, Sendable {
  package let access: Access
  package let key: [UInt8]
  package let rangeEnd: [UInt8]

  /// The permission that Bulkhead writes for a grant: one key with an empty end, no end as `\x00`.
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

  /// The same range with this access too.
  package func allowing(_ more: Access) -> Permission {
    Permission(access: access.union(more), key: key, rangeEnd: rangeEnd)
  }

  private init(access: Access, key: [UInt8], rangeEnd: [UInt8]) {
    (self.access, self.key, self.rangeEnd) = (access, key, rangeEnd)
  }

  /// Whether two permissions have the same key and range end, and so exclude each other in etcd.
  package func hasSameRange(as other: Permission) -> Bool { key == other.key && rangeEnd == other.rangeEnd }

  var wire: PermissionMessage {
    PermissionMessage(
      kind: access == .read ? .read : access == .write ? .write : .readwrite, key: key, rangeEnd: rangeEnd)
  }
}
