import Text

/// The names that Bulkhead accepts for an etcd user, which is also the Common Name of a client's certificate.
package enum UserName {
  /// etcd's administrator.
  package static let root = "root"

  /// Checks the name of any user, `root` included.
  /// - Throws: Why the name is refused.
  package static func check(_ name: String) throws(NameError) {
    try CommonName.check(name, as: "user name")
    guard !ServerName.isReserved(name) else {
      throw NameError(
        "the user name \(quoted(name)) is reserved for certificates of servers", hint: "choose another name")
    }
  }

  /// Why a name cannot be that of a user in the segmentation's file; nil if it can.
  package static func problem(with name: String) -> NameError? {
    if name == root {
      return NameError(
        "the user 'root' is etcd's administrator and cannot be segmented",
        hint: "give this identity a name of its own; Bulkhead manages 'root' by itself")
    }
    do {
      try check(name)
      return nil
    } catch {
      return error
    }
  }
}
