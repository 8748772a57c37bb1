import Keyspace
import Segmentation

/// Who may read and write where: kinds of identities in columns, kinds of keys in rows. The same value is printed on a
/// terminal and drawn in the report.
package struct AccessMatrix: Codable, Hashable, Sendable {
  /// How many of the keys of a row.
  package enum Extent: String, Codable, Sendable {
    case none
    /// Only those of the identity's own node.
    case own
    /// Some of them.
    case some
    case all
  }

  /// Identities that may do the same, or the same for their own node.
  package struct Column: Codable, Hashable, Sendable {
    /// `calico-node`, `calicoctl read-only`.
    package let name: String
    /// One or two letters for it, where its name has no room.
    package let letter: String
    /// What the identities are.
    package let what: String
    /// Their names.
    package let users: [String]
    /// How many nodes have a certificate of it; 0 if it is not bound to nodes.
    package let nodes: Int
    /// Whether each node has a user of its own.
    package let isDivided: Bool
    /// Whether it has the role root, and so may change users and roles too.
    package let isRoot: Bool
    /// What the roles of one of them grant; empty for the role root.
    package let grants: [GrantLine]
  }

  package struct GrantLine: Codable, Hashable, Sendable {
    /// The range, with `NODE` for the name of the node in a role of one node.
    package let range: String
    package let access: String
    package let why: String
  }

  /// Keys that have a name.
  package struct Row: Codable, Hashable, Sendable {
    /// `Tiers`.
    package let name: String
    /// `Calico resources`.
    package let family: String
    /// `/calico/resources/v3/projectcalico.org/tiers/*`.
    package let keys: String
  }

  package struct Cell: Codable, Hashable, Sendable {
    package let read: Extent
    package let write: Extent

    package init(read: Extent, write: Extent) {
      self.read = read
      self.write = write
    }

    package var isEmpty: Bool { read == .none && write == .none }

    /// Two characters: capitals for all of the keys, small letters for a part; `-` for neither.
    package var mark: String {
      guard !isEmpty else { return "-" }
      func letter(_ extent: Extent, _ letter: String) -> String {
        extent == .none ? "-" : extent == .all ? letter.uppercased() : letter
      }
      return letter(read, "r") + letter(write, "w")
    }

    /// `reads all, writes a part`.
    package var words: String {
      guard !isEmpty else { return "no access" }
      func part(_ verb: String, _ extent: Extent) -> String? {
        switch extent {
        case .none: nil
        case .own: "\(verb) its own node's"
        case .some: "\(verb) a part"
        case .all: "\(verb) all"
        }
      }
      return [part("reads", read), part("writes", write)].compactMap { $0 }.joined(separator: ", ")
    }
  }

  package let columns: [Column]
  package let rows: [Row]
  /// By row, then by column.
  package let cells: [[Cell]]
  /// Kinds of keys that no column but those of the role root reaches, and that are no row.
  package let unreached: [String]

  package func cells(ofColumn index: Int) -> [(row: Row, cell: Cell)] {
    zip(rows, cells).map { ($0, $1[index]) }
  }
}
