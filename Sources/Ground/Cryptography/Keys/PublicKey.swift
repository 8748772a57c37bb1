internal import COpenSSL

/// A public key of one of the kinds of ``KeyKind``.
///
/// OpenSSL's key does not change after it was made, but for what OpenSSL keeps for itself under its own locks, so it may
/// be used on several threads.
package final class PublicKey: @unchecked Sendable {
  let pointer: OpaquePointer
  package let kind: KeyKind
  /// SubjectPublicKeyInfo in DER (RFC 5280, section 4.1.2.7): the same bytes for the same key.
  package let subjectPublicKeyInfo: [UInt8]

  /// - Parameter key: what the library made, which the new value frees, or this initialiser where it throws.
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

  /// - Throws: ``CryptographyError`` where the bytes are no such key, or more than one.
  package convenience init(subjectPublicKeyInfo bytes: [UInt8]) throws(CryptographyError) {
    Calls.begin()
    let operation = "read a public key"
    let key = try bytes.lent { (bytes) throws(CryptographyError) in
      try decode(bytes, operation, freedBy: EVP_PKEY_free) { d2i_PUBKEY(nil, $0, $1) }
    }
    try self.init(owning: Owned(key, EVP_PKEY_free, operation), operation)
  }

  /// The key of a certificate or request.
  convenience init(reading key: OpaquePointer?, _ operation: String) throws(CryptographyError) {
    var algorithm: UnsafeMutablePointer<X509_ALGOR>?
    try check(X509_PUBKEY_get0_param(nil, nil, nil, &algorithm, key), operation)
    guard AlgorithmName(algorithm).isOfKnownKey else { throw CryptographyError(unknownKeyTo: operation) }
    try self.init(owning: Owned(X509_PUBKEY_get(key), EVP_PKEY_free, operation), operation)
  }

  /// The kinds whose encoding is a fixed beginning and the key's own bytes are put together here, because OpenSSL 3.0's
  /// encoder takes some 100 microseconds for each.
  private static func information(
    _ key: OpaquePointer, _ kind: KeyKind, _ operation: @autoclosure () -> String
  ) throws(CryptographyError) -> [UInt8] {
    if let beginning = kind.informationBeginning {
      return beginning + (try point(of: key, kind, operation()))
    }
    return try encode(operation()) { i2d_PUBKEY(key, $0) }
  }

  /// The uncompressed point of an elliptic curve (SEC 1, section 2.3.3) or Ed25519's 32 bytes. Compressed points are
  /// refused, as Go's crypto/x509 does and so every etcd.
  private static func point(
    of key: OpaquePointer, _ kind: KeyKind, _ operation: @autoclosure () -> String
  ) throws(CryptographyError) -> [UInt8] {
    let expected = kind.coordinateCount.map { 2 * $0 + 1 } ?? 32
    var count = 0
    var point = [UInt8](repeating: 0, count: 2 * 66 + 1)
    guard shim_ec_point(key, &point, point.count, &count) == 1 else { throw CryptographyError(operation()) }
    guard count == expected, kind == .ed25519 || point[0] == 4 else {
      throw CryptographyError(operation(), because: "a point that is compressed")
    }
    return Array(point.prefix(count))
  }

  /// The uncompressed point or Ed25519's bytes; nil for RSA.
  var point: ArraySlice<UInt8>? {
    kind.informationBeginning.map { subjectPublicKeyInfo.dropFirst($0.count) }
  }
}

extension PublicKey: Hashable {
  package static func == (one: PublicKey, other: PublicKey) -> Bool {
    one.subjectPublicKeyInfo == other.subjectPublicKeyInfo
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(subjectPublicKeyInfo) }
}

extension KeyKind {
  /// All of SubjectPublicKeyInfo before the key's own bytes; nil for RSA, whose length varies. RFC 5480, section 2, and
  /// RFC 8410, section 4.
  fileprivate var informationBeginning: [UInt8]? {
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
