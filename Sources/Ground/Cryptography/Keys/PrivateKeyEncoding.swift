internal import COpenSSL

/// How a private key is written in DER, and what PEM calls it.
package enum PrivateKeyForm: String, CaseIterable, Sendable {
  /// RFC 5958: any kind of key.
  case pkcs8 = "PRIVATE KEY"
  /// SEC 1, appendix C.4: keys of elliptic curves.
  case sec1 = "EC PRIVATE KEY"
  /// RFC 8017, appendix A.1.2: RSA keys.
  case pkcs1 = "RSA PRIVATE KEY"

  /// What stands in PEM's `BEGIN` line.
  package var label: String { rawValue }

  /// The tag of what follows the version, by which the three are told apart.
  fileprivate var secondTag: UInt8 {
    switch self {
    case .pkcs8: 0x30
    case .sec1: 0x04
    case .pkcs1: 0x02
    }
  }
}

extension PrivateKey {
  /// Reads a key, and sees that its two halves belong together.
  /// - Throws: ``CryptographyError`` where the bytes are no such key, or more than one.
  package convenience init(
    der bytes: UnsafeRawBufferPointer, form: PrivateKeyForm
  ) throws(CryptographyError) {
    try self.init(checking: Self.read(bytes, form))
  }

  /// Reads a key, and sees that its two halves belong together.
  /// - Throws: ``CryptographyError`` where the bytes are no such key, or more than one.
  package convenience init(der: SecretBytes, form: PrivateKeyForm) throws(CryptographyError) {
    try self.init(
      checking: der.withUnsafeBytes { (bytes) throws(CryptographyError) in try Self.read(bytes, form) })
  }

  private static func read(
    _ bytes: UnsafeRawBufferPointer, _ form: PrivateKeyForm
  ) throws(CryptographyError) -> OpaquePointer {
    Calls.begin()
    let operation = "read a private key"
    // OpenSSL reads PKCS#8 whatever it was told to expect.
    guard DER.isStrict(bytes), DER.secondTag(of: bytes) == form.secondTag else {
      throw CryptographyError(operation, because: "bytes that are no \(form.label)")
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

  /// The public half may stand in the bytes, and OpenSSL believes it: so what one half signs the other has to confirm.
  private convenience init(checking key: OpaquePointer) throws(CryptographyError) {
    let operation = "read a private key"
    try self.init(owning: Owned(key, EVP_PKEY_free, operation), operation)
    let message = Array("both halves".utf8)
    guard publicKey.isValid(try sign(message), of: message) else {
      throw CryptographyError(operation, because: "the public half is another key's")
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

  /// The key in DER. It belongs in a file with mode 0600 or a Secret, nowhere else.
  /// - Parameter form: `sec1` for keys of elliptic curves only, `pkcs1` for RSA keys only.
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

  /// The form of a P-256 key is the same for every key but for its 32 and 65 bytes, and it is written for every
  /// certificate that is issued: OpenSSL 3.0's encoder would take three times as long as making the key.
  private func p256DER(_ operation: String) throws(CryptographyError) -> SecretBytes {
    let beginning: [UInt8] = [
      0x30, 0x81, 0x87, 0x02, 0x01, 0x00,  // PrivateKeyInfo, version 0 (RFC 5958, section 2)
      0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,  // id-ecPublicKey
      0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,  // prime256v1
      0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20,  // ECPrivateKey, version 1 (RFC 5915, section 3)
    ]
    let middle: [UInt8] = [0xa1, 0x44, 0x03, 0x42, 0x00]
    guard let point = publicKey.point, point.count == 65 else { throw CryptographyError(operation) }
    let total = beginning.count + 32 + middle.count + point.count
    return try SecretBytes(count: total) { (memory) throws(CryptographyError) in
      memory.copyBytes(from: beginning)
      let scalar = UnsafeMutableRawBufferPointer(rebasing: memory.dropFirst(beginning.count))
      guard shim_ec_scalar(pointer, scalar.baseAddress, 32) == 1 else { throw CryptographyError(operation) }
      UnsafeMutableRawBufferPointer(rebasing: scalar.dropFirst(32)).copyBytes(from: middle)
      UnsafeMutableRawBufferPointer(rebasing: scalar.dropFirst(32 + middle.count)).copyBytes(from: point)
    }
  }
}
