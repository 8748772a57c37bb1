import Cryptography

/// A JSON Web Signature in compact form (RFC 7515, section 7.1), of which only the header has been read. The payload is
/// only available with a key that verifies the signature.
package struct SignedToken: Sendable {
  /// The algorithm in the header. It is not trusted: it must be that of the key.
  package let algorithm: SignatureAlgorithm
  /// The key's id in the header (`kid`); nil without one.
  package let keyID: String?
  private let signedPart: [UInt8]
  private let content: [UInt8]
  private let signature: [UInt8]

  /// 64 KiB; service-account tokens have 1 to 2 KiB.
  private static let longest = 1 << 16

  /// Reads the header.
  /// - Throws: ``JOSEError`` if the text is not such a token, its algorithm is not supported, or it has critical
  ///   extensions (`crit`).
  package init(_ text: String) throws(JOSEError) {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.longest else { throw .malformed("more than 64 KiB") }
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3 else { throw .malformed("not three parts") }
    guard let head = Base64URL.decode(parts[0]), let content = Base64URL.decode(parts[1]),
      let signature = Base64URL.decode(parts[2])
    else { throw .malformed("not Base64url") }
    let header = try StrictJSON(head)
    guard case .object(let members) = header else { throw .malformed("a header that is not an object") }
    guard let name = members["alg"]?.text else { throw .malformed("a header without an algorithm") }
    guard let algorithm = SignatureAlgorithm(rawValue: name) else { throw .unsupported("the algorithm") }
    // b64 changes how the payload is signed (RFC 7797, section 3) and must be listed in crit.
    guard members["crit"] == nil, members["b64"] == nil else { throw .unsupported("a critical extension") }
    let keyID = members["kid"]
    guard keyID == nil || keyID?.text != nil else { throw .malformed("a key id that is not a string") }
    self.algorithm = algorithm
    self.keyID = keyID?.text
    signedPart = Array(parts[0] + [UInt8(ascii: ".")] + parts[1])
    self.content = content
    self.signature = signature
  }

  /// The payload, if this key has signed the token with the key's algorithm.
  /// - Throws: ``JOSEError/notSigned``.
  package func content(signedBy key: JSONWebKey) throws(JOSEError) -> [UInt8] {
    guard key.algorithm == algorithm,
      key.publicKey.isValid(fixedLength: signature, of: signedPart, digest: algorithm.digest)
    else { throw .notSigned }
    return content
  }

  /// The payload, if a key with the id of the header has signed the token.
  /// - Throws: ``JOSEError/notSigned``, also if the header has no id.
  package func content(signedBy keys: JSONWebKeySet) throws(JOSEError) -> [UInt8] {
    guard let keyID else { throw .notSigned }
    for key in keys.keys(id: keyID) {
      if let content = try? content(signedBy: key) { return content }
    }
    throw .notSigned
  }

  /// Makes a token.
  /// - Parameters:
  ///   - content: the payload.
  ///   - algorithm: an algorithm of the key's kind.
  ///   - keyID: the key's id for the header.
  /// - Throws: ``JOSEError`` if the algorithm does not fit the key, or OpenSSL refuses to sign.
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
      throw .unsupported("a key that cannot sign")
    }
  }

  /// A string in JSON.
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
