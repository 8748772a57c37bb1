import Cryptography

/// A JSON Web Signature in its compact form (RFC 7515, section 7.1), of which only the head was read. What it says comes
/// out against a key that has signed it, and in no other way.
package struct SignedToken: Sendable {
  /// What it says it is signed with; that alone counts for nothing.
  package let algorithm: SignatureAlgorithm
  /// The id of the key that it says it is signed with; nil where it says none.
  package let keyID: String?
  private let signedPart: [UInt8]
  private let content: [UInt8]
  private let signature: [UInt8]

  /// More than a token ever has: 64 KiB.
  private static let longest = 1 << 16

  /// - Throws: ``JOSEError`` where the text is no such token, is signed in a way that is not taken, or says that more has
  ///   to be understood (`crit`).
  package init(_ text: String) throws(JOSEError) {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.longest else { throw .malformed("more than 64 KiB") }
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3 else { throw .malformed("not three parts") }
    guard let head = Base64URL.decode(parts[0]), let content = Base64URL.decode(parts[1]),
      let signature = Base64URL.decode(parts[2])
    else { throw .malformed("no Base64url") }
    let header = try StrictJSON(head)
    guard case .object(let members) = header else { throw .malformed("a head that is no object") }
    guard let name = members["alg"]?.text else { throw .malformed("no word of how it is signed") }
    guard let algorithm = SignatureAlgorithm(rawValue: name) else { throw .unsupported("a way of signing") }
    // With b64 the content would not be what it seems (RFC 7797, section 3), and it must stand in crit.
    guard members["crit"] == nil, members["b64"] == nil else { throw .unsupported("a critical extension") }
    let keyID = members["kid"]
    guard keyID == nil || keyID?.text != nil else { throw .malformed("a key's id that is no text") }
    self.algorithm = algorithm
    self.keyID = keyID?.text
    signedPart = Array(parts[0] + [UInt8(ascii: ".")] + parts[1])
    self.content = content
    self.signature = signature
  }

  /// What it says, where this key has signed it, in the key's own way.
  /// - Throws: ``JOSEError/notSigned``.
  package func content(signedBy key: JSONWebKey) throws(JOSEError) -> [UInt8] {
    guard key.algorithm == algorithm,
      key.publicKey.isValid(fixedLength: signature, of: signedPart, digest: algorithm.digest)
    else { throw .notSigned }
    return content
  }

  /// What it says, where one of the keys with its id has signed it.
  /// - Throws: ``JOSEError/notSigned``, also where it says no id.
  package func content(signedBy keys: JSONWebKeySet) throws(JOSEError) -> [UInt8] {
    guard let keyID else { throw .notSigned }
    for key in keys.keys(id: keyID) {
      if let content = try? content(signedBy: key) { return content }
    }
    throw .notSigned
  }

  /// Signs what a token is to say.
  /// - Parameters:
  ///   - algorithm: one that fits the key.
  ///   - keyID: of the key, for whoever has several.
  /// - Throws: ``JOSEError`` where it does not fit, or the key does not sign.
  package static func sign(
    _ content: [UInt8], with key: PrivateKey, algorithm: SignatureAlgorithm, keyID: String? = nil
  ) throws(JOSEError) -> String {
    guard algorithm.fits(key.kind) else {
      throw .unsupported("\(algorithm.rawValue) with a key of \(key.kind)")
    }
    let id = keyID.map { ",\"kid\":\(quoted($0))" } ?? ""
    let head = "{\"alg\":\"\(algorithm.rawValue)\"\(id)}"
    let signed = "\(Base64URL.encode(head.utf8)).\(Base64URL.encode(content))"
    do {
      let signature = try key.signFixedLength(Array(signed.utf8), digest: algorithm.digest)
      return "\(signed).\(Base64URL.encode(signature))"
    } catch {
      throw .unsupported("a key that does not sign")
    }
  }

  /// A text in JSON.
  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
