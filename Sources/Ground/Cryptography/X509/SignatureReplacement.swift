/// The signature of a certificate or a revocation list by a program that has the key, such as the one of a hardware
/// security module.
package enum SignatureReplacement {
  /// The structure with another signature over the same contents. Its algorithm stays: the key has to be of the same
  /// kind.
  /// - Parameters:
  ///   - der: `SEQUENCE { contents, algorithm, signature }` (RFC 5280, sections 4.1 and 5.1).
  ///   - sign: gives the signature of the contents: DER for ECDSA, the plain bytes for RSA and Ed25519.
  /// - Throws: ``CryptographyError`` if the bytes are not such a structure, or the error of `sign`.
  package static func signed(_ der: [UInt8], by sign: ([UInt8]) throws -> [UInt8]) throws -> [UInt8] {
    guard let whole = DERReader.only(0x30, in: der) else {
      throw CryptographyError("replace a signature", because: "not a signed structure")
    }
    var reader = DERReader(whole.contents)
    guard let contents = reader.next(0x30), let algorithm = reader.next(0x30), reader.next(0x03) != nil,
      reader.isAtEnd
    else { throw CryptographyError("replace a signature", because: "not a signed structure") }
    let signature = try sign(Array(contents.whole))
    return DER.value(
      0x30, Array(contents.whole) + Array(algorithm.whole) + DER.value(0x03, [0] + signature))
  }
}
