import Etcd
import Keyspace
import Segmentation

/// One request to the live cluster with one identity's certificate, and the answer that the segmentation
/// implies.
package struct Probe: Hashable, Sendable {
  /// A request that etcd permits or refuses; none of them changes data.
  package enum Question: Hashable, Sendable {
    case read(KeyRange)
    case write(KeyRange)
    case watch(KeyRange)
    /// Read with `RangeStream`, which members have since 3.7.
    case stream(KeyRange)
    /// List the users, as an example of the auth API.
    case administer
    /// Read the hash of the store, as an example of the maintenance API.
    case maintain
    /// Remove a member that does not exist, as an example of changes of the members.
    case changeMembers
  }

  /// Why the request is part of the plan.
  package enum Reason: String, CaseIterable, Sendable {
    /// A range that a role of the segmentation grants, to this identity or to another.
    case granted
    /// A key within such a range.
    case inside
    /// A key directly before or after a range of the identity, or that range extended by one key at either end.
    case neighbour
    /// The keys of Kubernetes and of Bulkhead, and the whole keyspace.
    case outside
    case administration
  }

  package let user: String
  package let question: Question
  package let reason: Reason
  package let isAllowed: Bool

  var expected: Answer { isAllowed ? .allowed : .denied }
}

extension Probe.Question {
  /// Whether every member writes one line to its log if the request is refused: it is checked when the entry
  /// of the log is applied (etcd, `server/etcdserver/txn/util.go`, "failed to apply request").
  var isLoggedIfDenied: Bool {
    switch self {
    case .write, .administer: true
    case .read, .watch, .stream, .maintain, .changeMembers: false
    }
  }
}

extension Probe.Question: CustomStringConvertible {
  package var description: String {
    switch self {
    case .read(let range): "read \(range)"
    case .write(let range): "write \(range)"
    case .watch(let range): "watch \(range)"
    case .stream(let range): "stream \(range)"
    case .administer: "list the users"
    case .maintain: "use the maintenance API"
    case .changeMembers: "change the members"
    }
  }

  /// The keys of the request; nil for a request that concerns no keys.
  package var range: KeyRange? {
    switch self {
    case .read(let range), .write(let range), .watch(let range), .stream(let range): range
    case .administer, .maintain, .changeMembers: nil
    }
  }
}
