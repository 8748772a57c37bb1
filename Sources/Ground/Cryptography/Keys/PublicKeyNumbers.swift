internal import COpenSSL

/// Keys from the numbers of a JSON Web Key (RFC 7518, section 6; RFC 8037, section 2).
extension PublicKey {
  /// An RSA key of 2,048 to 8,192 bits.
  /// - Parameters:
  ///   - modulus: n, most significant byte first.
  ///   - exponent: e, most significant byte first; odd, more than 1 and at most 64 bits.
  /// - Throws: ``CryptographyError`` if they are not such a key.
  package convenience init(modulus: [UInt8], exponent: [UInt8]) throws(CryptographyError) {
    Calls.begin()
    let operation = "take an RSA key"
    let (modulus, exponent) = (modulus.drop { $0 == 0 }, exponent.drop { $0 == 0 })
    guard (256...1024).contains(modulus.count), (1...8).contains(exponent.count),
      exponent.last.map({ $0 & 1 == 1 }) == true, exponent.last != 1 || exponent.count > 1
    else { throw CryptographyError(operation, because: "a number with an unsupported size") }
    let key = shim_public_rsa(
      Array(modulus), Int32(modulus.count), Array(exponent), Int32(exponent.count))
    try self.init(owning: Owned(key, EVP_PKEY_free, operation), operation)
    guard case .rsa(let bits) = kind, bits >= 2048 else {
      throw CryptographyError(operation, because: "fewer than 2048 bits")
    }
  }

  /// A key of an elliptic curve. Checks that its point is on the curve.
  /// - Parameters:
  ///   - kind: P-256, P-384 or P-521.
  ///   - x: coordinate with exactly the length of the curve, most significant byte first; `y` likewise.
  /// - Throws: ``CryptographyError`` if they are not such a key.
  package convenience init(
    curve kind: KeyKind, x: [UInt8], y: [UInt8]
  ) throws(CryptographyError) {
    Calls.begin()
    let operation = "take a \(kind) key"
    guard let count = kind.coordinateCount, x.count == count, y.count == count else {
      throw CryptographyError(operation, because: "a coordinate with a wrong length")
    }
    let point = [4] + x + y
    let key = try Owned(shim_public_ec("\(kind)", point, point.count), EVP_PKEY_free, operation)
    try Self.checkPoint(key.pointer, operation)
    try self.init(owning: key, operation)
  }

  /// An Ed25519 key (RFC 8032).
  /// - Parameter bytes: 32 bytes.
  /// - Throws: ``CryptographyError`` if there are fewer or more.
  package convenience init(ed25519 bytes: [UInt8]) throws(CryptographyError) {
    Calls.begin()
    let operation = "take an Ed25519 key"
    guard bytes.count == 32 else {
      throw CryptographyError(operation, because: "a key with a wrong length")
    }
    try self.init(
      owning: Owned(shim_public_ed25519(bytes, bytes.count), EVP_PKEY_free, operation), operation)
  }

  private static func checkPoint(_ key: OpaquePointer, _ operation: String) throws(CryptographyError) {
    let context = try Owned(EVP_PKEY_CTX_new(key, nil), EVP_PKEY_CTX_free, operation)
    try check(EVP_PKEY_public_check(context.pointer), operation)
  }
}
