/// Why a token or a key set is not taken. No reason quotes what was read: it may be a secret.
package enum JOSEError: Error, Hashable, Sendable, CustomStringConvertible {
  /// It is not what it should be: not three parts, not Base64url, not JSON, too long.
  case malformed(String)
  /// It is signed in a way that is not taken, such as not at all, or asks for what is not known here.
  case unsupported(String)
  /// No key that it may be signed with has signed it.
  case notSigned

  package var description: String {
    switch self {
    case .malformed(let what): "malformed: \(what)"
    case .unsupported(let what): "unsupported: \(what)"
    case .notSigned: "not signed by a key that is known"
    }
  }
}
