import Etcd
import Keyspace
import Segmentation

/// One question to the live cluster with one identity's certificate, and the answer that the segmentation implies.
package struct Probe: Hashable, Sendable {
  package enum Question: Hashable, Sendable {
    case read(KeyRange)
    case write(KeyRange)
    case watch(KeyRange)
    /// List the users, as an example of the auth API.
    case administer
  }

  /// Why it is asked.
  package enum Reason: String, CaseIterable, Sendable {
    /// A range that some role of the segmentation grants: the identity's own or another's.
    case granted
    /// A key inside such a range.
    case inside
    /// A key right before or after what the identity may touch, or its range one key longer.
    case neighbour
    /// Kubernetes' keys, Bulkhead's own, and the whole keyspace.
    case outside
    case administration
  }

  package let user: String
  package let question: Question
  package let reason: Reason
  package let isAllowed: Bool

  var expected: Answer { isAllowed ? .allowed : .denied }
}

extension Probe.Question: CustomStringConvertible {
  package var description: String {
    switch self {
    case .read(let range): "read \(range)"
    case .write(let range): "write \(range)"
    case .watch(let range): "watch \(range)"
    case .administer: "list the users"
    }
  }

  package var range: KeyRange? {
    switch self {
    case .read(let range), .write(let range), .watch(let range): range
    case .administer: nil
    }
  }
}
