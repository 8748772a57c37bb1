internal import COpenSSL

/// A public key of one of the kinds of ``KeyKind``.
///
/// The key is immutable, except for caches that OpenSSL protects by its own locks, so threads can share it.
package final class PublicKey: @unchecked Sendable {
  let pointer: OpaquePointer
  package let kind: KeyKind
  /// SubjectPublicKeyInfo in DER (RFC 5280, section 4.1.2.7). Equal keys have equal bytes.
  package let subjectPublicKeyInfo: [UInt8]

  /// - Parameter key: an `EVP_PKEY`, which the new value owns.
  init(owning key: consuming Owned, _ operation: @autoclosure () -> String) throws(CryptographyError) {
    guard let kind = KeyKind(of: key.pointer) else {
      Calls.begin()
      throw CryptographyError(unknownKeyTo: operation())
    }
    self.kind = kind
    subjectPublicKeyInfo = try Self.information(key.pointer, kind, operation())
    pointer = key.take()
  }

  deinit { EVP_PKEY_free(pointer) }

  /// Reads a key.
  /// - Throws: ``CryptographyError`` if the bytes are not exactly one key of a supported kind.
  package convenience init(subjectPublicKeyInfo bytes: [UInt8]) throws(CryptographyError) {
    Calls.begin()
    let operation = "read a public key"
    let key = try bytes.lent { (bytes) throws(CryptographyError) in
      try decode(bytes, operation, freedBy: EVP_PKEY_free) { d2i_PUBKEY(nil, $0, $1) }
    }
    try self.init(owning: Owned(key, EVP_PKEY_free, operation), operation)
  }

  /// The key of a certificate or request.
  /// - Throws: ``CryptographyError``; ``CryptographyError/isOfUnknownKey`` tells an unsupported kind from damage.
  convenience init(reading key: OpaquePointer?, _ operation: String) throws(CryptographyError) {
    var algorithm: UnsafeMutablePointer<X509_ALGOR>?
    try check(X509_PUBKEY_get0_param(nil, nil, nil, &algorithm, key), operation)
    guard AlgorithmName(algorithm).isOfKnownKey else { throw CryptographyError(unknownKeyTo: operation) }
    try self.init(owning: Owned(X509_PUBKEY_get(key), EVP_PKEY_free, operation), operation)
  }

  /// For most kinds the encoding is a fixed prefix and the key's bytes, so it is composed here: OpenSSL 3.0's encoder
  /// needs about 100 microseconds for each key.
  private static func information(
    _ key: OpaquePointer, _ kind: KeyKind, _ operation: @autoclosure () -> String
  ) throws(CryptographyError) -> [UInt8] {
    if let prefix = kind.informationPrefix {
      return prefix + (try point(of: key, kind, operation()))
    }
    return try encode(operation()) { i2d_PUBKEY(key, $0) }
  }

  /// The uncompressed point of an elliptic curve (SEC 1, section 2.3.3) or the 32 bytes of Ed25519. Compressed points
  /// are refused, because Go's crypto/x509, and so etcd, refuses them.
  private static func point(
    of key: OpaquePointer, _ kind: KeyKind, _ operation: @autoclosure () -> String
  ) throws(CryptographyError) -> [UInt8] {
    let expected = kind.coordinateCount.map { 2 * $0 + 1 } ?? 32
    var count = 0
    var point = [UInt8](repeating: 0, count: 2 * 66 + 1)
    guard shim_ec_point(key, &point, point.count, &count) == 1 else { throw CryptographyError(operation()) }
    guard count == expected, kind == .ed25519 || point[0] == 4 else {
      throw CryptographyError(operation(), because: "a compressed point")
    }
    return Array(point.prefix(count))
  }

  /// The public exponent of an RSA key; nil for other kinds, and for an exponent of more than 64 bits.
  package var exponent: UInt? {
    guard case .rsa = kind else { return nil }
    Calls.begin()
    defer { Calls.begin() }
    var number: OpaquePointer?
    guard EVP_PKEY_get_bn_param(pointer, "e", &number) == 1, let number else { return nil }
    defer { BN_free(number) }
    return BN_num_bits(number) <= 64 ? UInt(BN_get_word(number)) : nil
  }

  /// Whether the modulus of an RSA key has the form of keys that Infineon's library RSALib made until 2017, which can be
  /// factored (CVE-2017-15361, "ROCA"): modulo each of these primes it is a power of 65537. Another key has this form with
  /// a probability of about 2^-27 (Nemec and others, "The Return of Coppersmith's Attack", section 2.2).
  package var hasFactorableForm: Bool {
    guard case .rsa = kind else { return false }
    Calls.begin()
    defer { Calls.begin() }
    var number: OpaquePointer?
    guard EVP_PKEY_get_bn_param(pointer, "n", &number) == 1, let number else { return false }
    defer { BN_free(number) }
    let primes: [UInt] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157]
    return primes.allSatisfy { prime in
      let rest = UInt(BN_mod_word(number, prime))
      var power: UInt = 1
      for _ in 0..<prime {
        if power == rest { return true }
        power = power * 65_537 % prime
      }
      return false
    }
  }

  /// The uncompressed point, or the bytes of Ed25519; nil for RSA.
  var point: ArraySlice<UInt8>? {
    kind.informationPrefix.map { subjectPublicKeyInfo.dropFirst($0.count) }
  }
}

extension PublicKey: Hashable {
  package static func == (one: PublicKey, other: PublicKey) -> Bool {
    one.subjectPublicKeyInfo == other.subjectPublicKeyInfo
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(subjectPublicKeyInfo) }
}

extension KeyKind {
  /// SubjectPublicKeyInfo up to the key's bytes (RFC 5480, section 2; RFC 8410, section 4); nil for RSA, because its
  /// length varies.
  fileprivate var informationPrefix: [UInt8]? {
    let curve: [UInt8] = [0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08]
    let shortCurve: [UInt8] = [0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05]
    switch self {
    case .p256:
      return [0x30, 0x59] + curve + [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00]
    case .p384:
      return [0x30, 0x76] + shortCurve + [0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00]
    case .p521:
      return [0x30, 0x81, 0x9b] + shortCurve + [0x2b, 0x81, 0x04, 0x00, 0x23, 0x03, 0x81, 0x86, 0x00]
    case .ed25519:
      return [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]
    case .rsa: return nil
    }
  }
}
