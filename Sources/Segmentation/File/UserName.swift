import Catalogue
import StrictYAML

/// The names that Bulkhead accepts for an etcd user that is also the Common Name of a certificate.
package enum UserName {
  /// X.520's upper bound for a Common Name, in characters (RFC 5280, appendix A.1, `ub-common-name`).
  package static let longest = 64
  /// etcd itself accepts longer names, but a name over 32 KiB stops it permanently.
  static let mostBytes = 128

  /// The user of a component on one node: `calico-node.node-1`. No component has a dot in its name, so the
  /// first dot separates the two.
  package static func of(_ component: String, on node: NodeName) -> String { "\(component).\(node)" }

  /// The Common Name of a certificate that only secures the connections of a component with a password login.
  /// The reader of the file refuses users with this name.
  static func transport(of component: String) -> String { "\(component)-transport" }

  /// Why a name is refused; nil if it is accepted.
  ///
  /// etcd compares the Common Name with the user byte by byte, without trimming (etcd,
  /// `server/auth/store.go`, `AuthInfoFromTLS`).
  package static func problem(with name: String) -> (message: String, hint: String)? {
    if name == "root" {
      return (
        "the user 'root' is etcd's administrator and cannot be segmented",
        "give this identity a name of its own; Bulkhead manages 'root' by itself"
      )
    }
    if name.isEmpty { return ("the user name is empty", "give this identity a name") }
    let scalars = name.unicodeScalars
    if scalars.count > longest {
      return (
        "the user \(quoted(name)) has \(scalars.count) characters",
        "a certificate's Common Name has at most \(longest)"
      )
    }
    if name.utf8.count > mostBytes {
      return ("the user \(quoted(name)) has \(name.utf8.count) bytes", "use at most \(mostBytes)")
    }
    let invisible: Set<Unicode.GeneralCategory> = [
      .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned,
    ]
    if scalars.contains(where: { invisible.contains($0.properties.generalCategory) }) {
      return (
        "the user \(quoted(name)) holds a character that cannot be seen",
        "use letters, digits, '-', '.', ':' and '_'"
      )
    }
    if name.first?.isWhitespace == true || name.last?.isWhitespace == true {
      return (
        "the user \(quoted(name)) begins or ends with a blank",
        "etcd does not trim names: take the blank away"
      )
    }
    return nil
  }
}
