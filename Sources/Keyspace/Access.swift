/// What a grant allows: read, write or both. etcd has no other kinds of access, and no denials.
package struct Access: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Range requests and watches.
  package static let read = Access(rawValue: 1)
  /// Put and delete. Calico never writes without also reading: each of its writes is a Txn with a compare and
  /// a read (libcalico-go, `lib/backend/etcdv3/etcdv3.go`).
  package static let write = Access(rawValue: 2)
  package static let readwrite: Access = [.read, .write]
}

extension Access: CustomStringConvertible {
  /// The spelling of `etcdctl role grant-permission`.
  package var description: String {
    switch self {
    case .read: "read"
    case .write: "write"
    case .readwrite: "readwrite"
    default: "none"
    }
  }

  /// Parses etcdctl's three words; nil for any other.
  package init?(_ word: String) {
    guard let access = [Access.read, .write, .readwrite].first(where: { $0.description == word }) else {
      return nil
    }
    self = access
  }
}
