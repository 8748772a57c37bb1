/// ECDSA signatures in the form of JWS (RFC 7518, section 3.4): r and s, each with the length of the curve. OpenSSL uses
/// a sequence in DER.
extension PublicKey {
  /// Verifies a signature of a message; the same as ``isValid(_:of:digest:)`` for RSA and Ed25519.
  package func isValid(fixedLength signature: [UInt8], of message: [UInt8], digest: Digest?) -> Bool {
    guard let count = kind.coordinateCount else { return isValid(signature, of: message, digest: digest) }
    guard signature.count == 2 * count else { return false }
    let encoding = DER.sequence(
      DER.integer(Array(signature.prefix(count))), DER.integer(Array(signature.suffix(count))))
    return isValid(encoding, of: message, digest: digest)
  }
}

extension PrivateKey {
  /// Signs a message; ``PublicKey/isValid(fixedLength:of:digest:)`` verifies the signature.
  /// - Throws: ``CryptographyError``.
  package func signFixedLength(
    _ message: [UInt8], digest: Digest?
  ) throws(CryptographyError) -> [UInt8] {
    let signature = try sign(message, digest: digest)
    guard let count = kind.coordinateCount else { return signature }
    guard let sequence = DERReader.only(0x30, in: signature) else {
      throw CryptographyError("sign a message", because: "a signature in an unexpected form")
    }
    var numbers = DERReader(sequence.contents)
    var halves: [UInt8] = []
    for _ in 0..<2 {
      let digits = Array((numbers.next(0x02)?.contents ?? []).drop { $0 == 0 })
      guard (1...count).contains(digits.count) else {
        throw CryptographyError("sign a message", because: "a signature in an unexpected form")
      }
      halves += [UInt8](repeating: 0, count: count - digits.count) + digits
    }
    return halves
  }
}
