import Text

/// The rules for a Common Name that Bulkhead puts into a certificate.
///
/// etcd compares a client's Common Name with its user byte by byte, without trimming, case folding or normalisation
/// (etcd, `server/auth/store.go`, `AuthInfoFromTLS`).
package enum CommonName {
  /// X.520's upper bound in characters (RFC 5280, appendix A.1, `ub-common-name`). OpenSSL enforces it, etcd does not.
  package static let longest = 64
  /// Bulkhead's own limit: etcd accepts longer user names, but a name over 32 KiB stops it permanently.
  package static let mostBytes = 128

  /// - Parameter kind: What the name is, for messages: "user name".
  /// - Throws: Why the name cannot be a Common Name.
  package static func check(_ name: String, as kind: String) throws(NameError) {
    let scalars = name.unicodeScalars
    guard let first = scalars.first, let last = scalars.last else {
      throw NameError("the \(kind) is empty", hint: "etcd refuses a certificate without a name: give one")
    }
    guard scalars.count <= longest else {
      throw NameError(
        "the \(kind) \(quoted(name)) has \(scalars.count) characters",
        hint: "a certificate's Common Name has at most \(longest)")
    }
    guard name.utf8.count <= mostBytes else {
      throw NameError(
        "the \(kind) \(quoted(name)) has \(name.utf8.count) bytes", hint: "use at most \(mostBytes)")
    }
    guard !scalars.contains(where: \.isInvisible) else {
      throw NameError(
        "the \(kind) \(quoted(name)) has a control character or an invisible one",
        hint: "use letters, digits, '-', '.', ':' and '_'")
    }
    guard !first.properties.isWhitespace, !last.properties.isWhitespace else {
      throw NameError(
        "the \(kind) \(quoted(name)) begins or ends with white space",
        hint: "etcd does not trim names: remove the white space")
    }
  }
}
