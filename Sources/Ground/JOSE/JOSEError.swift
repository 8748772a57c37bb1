/// Why a token or a key set is refused. It never quotes the input, which may be a secret.
package enum JOSEError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The form is wrong: not three parts, not Base64url, not JSON, too long.
  case malformed(String)
  /// The algorithm, the kind of key or a critical extension is not supported.
  case unsupported(String)
  /// No acceptable key verifies the signature.
  case notSigned

  package var description: String {
    switch self {
    case .malformed(let what): "malformed: \(what)"
    case .unsupported(let what): "unsupported: \(what)"
    case .notSigned: "not signed by a known key"
    }
  }
}
