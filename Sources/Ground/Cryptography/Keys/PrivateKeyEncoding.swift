internal import COpenSSL

/// The DER encodings of private keys, with their PEM labels.
package enum PrivateKeyForm: String, CaseIterable, Sendable {
  /// RFC 5958: any kind of key.
  case pkcs8 = "PRIVATE KEY"
  /// SEC 1, appendix C.4: keys of elliptic curves.
  case sec1 = "EC PRIVATE KEY"
  /// RFC 8017, appendix A.1.2: RSA keys.
  case pkcs1 = "RSA PRIVATE KEY"

  /// The label in the PEM `BEGIN` line.
  package var label: String { rawValue }

  /// The tag of the element after the version, which differs in the three forms.
  fileprivate var secondTag: UInt8 {
    switch self {
    case .pkcs8: 0x30
    case .sec1: 0x04
    case .pkcs1: 0x02
    }
  }
}

extension PrivateKey {
  /// Reads a key and checks that its private and public halves match.
  /// - Throws: ``CryptographyError`` if the bytes are not exactly one key of a supported kind.
  package convenience init(
    der bytes: UnsafeRawBufferPointer, form: PrivateKeyForm
  ) throws(CryptographyError) {
    try self.init(checking: Self.read(bytes, form))
  }

  /// Reads a key and checks that its private and public halves match.
  /// - Throws: ``CryptographyError`` if the bytes are not exactly one key of a supported kind.
  package convenience init(der: SecretBytes, form: PrivateKeyForm) throws(CryptographyError) {
    try self.init(
      checking: der.withUnsafeBytes { (bytes) throws(CryptographyError) in try Self.read(bytes, form) })
  }

  private static func read(
    _ bytes: UnsafeRawBufferPointer, _ form: PrivateKeyForm
  ) throws(CryptographyError) -> OpaquePointer {
    Calls.begin()
    let operation = "read a private key"
    // d2i_PrivateKey reads PKCS#8 too, whatever kind it is asked for.
    guard DER.isStrict(bytes), DER.secondTag(of: bytes) == form.secondTag else {
      throw CryptographyError(operation, because: "not in the form \(form.label)")
    }
    switch form {
    case .pkcs8: return try unwrap(bytes, operation)
    case .sec1:
      return try decode(bytes, operation, freedBy: EVP_PKEY_free) { d2i_PrivateKey(EVP_PKEY_EC, nil, $0, $1) }
    case .pkcs1:
      return try decode(bytes, operation, freedBy: EVP_PKEY_free) {
        d2i_PrivateKey(EVP_PKEY_RSA, nil, $0, $1)
      }
    }
  }

  /// The encoding can contain the public half, which OpenSSL does not compare with the private one. So one half signs
  /// and the other verifies.
  private convenience init(checking key: OpaquePointer) throws(CryptographyError) {
    let operation = "read a private key"
    try self.init(owning: Owned(key, EVP_PKEY_free, operation), operation)
    let message = Array("both halves".utf8)
    guard publicKey.isValid(try sign(message), of: message) else {
      throw CryptographyError(operation, because: "the public half is that of another key")
    }
  }

  private static func unwrap(
    _ bytes: UnsafeRawBufferPointer, _ operation: String
  ) throws(CryptographyError) -> OpaquePointer {
    let pointer = try decode(bytes, operation, freedBy: PKCS8_PRIV_KEY_INFO_free) {
      d2i_PKCS8_PRIV_KEY_INFO(nil, $0, $1)
    }
    let information = try Owned(pointer, PKCS8_PRIV_KEY_INFO_free, operation)
    return try check(EVP_PKCS82PKEY(information.pointer), operation)
  }

  /// The key in DER. Write it only to a file with mode 0600 or a Secret.
  /// - Parameter form: `sec1` only for elliptic curves, `pkcs1` only for RSA.
  /// - Throws: ``CryptographyError``.
  package func der(_ form: PrivateKeyForm = .pkcs8) throws(CryptographyError) -> SecretBytes {
    Calls.begin()
    let operation = "write a private key"
    switch (form, kind) {
    case (.pkcs8, .p256): return try p256DER(operation)
    case (.pkcs8, _):
      let information = try Owned(EVP_PKEY2PKCS8(pointer), PKCS8_PRIV_KEY_INFO_free, operation)
      return try encodeSecret(operation) { i2d_PKCS8_PRIV_KEY_INFO(information.pointer, $0) }
    case (.sec1, .p256), (.sec1, .p384), (.sec1, .p521), (.pkcs1, .rsa):
      return try encodeSecret(operation) { i2d_PrivateKey(pointer, $0) }
    default: throw CryptographyError(operation, because: "\(form.label) is not for \(kind)")
    }
  }

  /// PKCS#8 of a P-256 key is constant except for the 32 bytes of the scalar and the 65 of the point, so it is composed
  /// here: one is written for each issued certificate, and OpenSSL 3.0's encoder needs three times as long as the
  /// generation of the key.
  private func p256DER(_ operation: String) throws(CryptographyError) -> SecretBytes {
    let prefix: [UInt8] = [
      0x30, 0x81, 0x87, 0x02, 0x01, 0x00,  // PrivateKeyInfo, version 0 (RFC 5958, section 2)
      0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,  // id-ecPublicKey
      0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,  // prime256v1
      0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20,  // ECPrivateKey, version 1 (RFC 5915, section 3)
    ]
    let middle: [UInt8] = [0xa1, 0x44, 0x03, 0x42, 0x00]
    guard let point = publicKey.point, point.count == 65 else { throw CryptographyError(operation) }
    let total = prefix.count + 32 + middle.count + point.count
    return try SecretBytes(count: total) { (memory) throws(CryptographyError) in
      memory.copyBytes(from: prefix)
      let scalar = UnsafeMutableRawBufferPointer(rebasing: memory.dropFirst(prefix.count))
      guard shim_ec_scalar(pointer, scalar.baseAddress, 32) == 1 else { throw CryptographyError(operation) }
      UnsafeMutableRawBufferPointer(rebasing: scalar.dropFirst(32)).copyBytes(from: middle)
      UnsafeMutableRawBufferPointer(rebasing: scalar.dropFirst(32 + middle.count)).copyBytes(from: point)
    }
  }
}
