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

  /// Why a name cannot be that of a user; nil if it can. Names of certificates without a Common Name belong to no
  /// user.
  package static func problem(withUser name: String) -> NameError? {
    if let problem = problem(with: name) { return problem }
    guard CertificateName(name).isTransport else { return nil }
    return NameError(
      "the user name \(quoted(name)) is reserved for certificates that have no Common Name",
      hint: "choose a name that does not end with '-transport'")
  }

  /// Why a name cannot be that of a role or of a certificate; nil if it can.
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
