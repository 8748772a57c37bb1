internal import COpenSSL

/// A private key protected by a passphrase: PKCS#8's EncryptedPrivateKeyInfo (RFC 5958, section 3) with PBES2 (RFC 8018).
///
/// Written with PBKDF2-HMAC-SHA-256 and AES-256-CBC, which every `openssl` since 1.0 reads. Read with PBKDF2 and all
/// usual hashes, with scrypt (RFC 7914), and all lengths of AES-CBC.
package struct ProtectedKey: Sendable {
  /// What stands in PEM's `BEGIN` line.
  package static let label = "ENCRYPTED PRIVATE KEY"

  /// All of it, in DER.
  package let der: [UInt8]
  let derivation: Derivation
  let cipher: Cipher
  let ciphertext: [UInt8]

  /// What OWASP's Password Storage Cheat Sheet asks of PBKDF2 with SHA-256.
  private static let rounds = 600_000

  /// Reads one.
  /// - Throws: ``CryptographyError`` where the bytes are no such key, or protected in another way, or with numbers that
  ///   would take minutes or gigabytes: the bytes may come from anywhere.
  package init(der: [UInt8]) throws(CryptographyError) {
    Calls.begin()
    let operation = "read a protected key"
    let pointer = try der.lent { (bytes) throws(CryptographyError) in
      try decode(bytes, operation, freedBy: X509_SIG_free) { d2i_X509_SIG(nil, $0, $1) }
    }
    let information = try Owned(pointer, X509_SIG_free, operation)
    var algorithm: UnsafePointer<X509_ALGOR>?
    var octets: UnsafePointer<ASN1_OCTET_STRING>?
    X509_SIG_get0(information.pointer, &algorithm, &octets)
    (derivation, cipher) = try Self.parameters(algorithm, operation)
    ciphertext = bytes(of: octets)
    self.der = der
  }

  /// Protects a key.
  /// - Throws: ``CryptographyError``.
  package init(_ key: PrivateKey, passphrase: SecretBytes) throws(CryptographyError) {
    Calls.begin()
    let operation = "protect a private key"
    let information = try Owned(EVP_PKEY2PKCS8(key.pointer), PKCS8_PRIV_KEY_INFO_free, operation)
    var salt = try Randomness.bytes(16)
    let saltCount = Int32(salt.count)
    let pointer = try passphrase.withUnsafeBytes { (secret) throws(CryptographyError) in
      PKCS8_encrypt(
        NID_hmacWithSHA256, EVP_aes_256_cbc(), secret.baseAddress?.assumingMemoryBound(to: CChar.self),
        try count32(secret.count, operation), &salt, saltCount, Int32(Self.rounds), information.pointer)
    }
    let protected = try Owned(pointer, X509_SIG_free, operation)
    try self.init(der: encode(operation) { [pointer = protected.pointer] in i2d_X509_SIG(pointer, $0) })
  }

  /// The key.
  /// - Throws: ``CryptographyError``. A wrong passphrase and a damaged key cannot be told apart.
  package func key(passphrase: SecretBytes) throws(CryptographyError) -> PrivateKey {
    let secret = try cipher.open(ciphertext, key: derivation.key(from: passphrase, count: cipher.keyCount))
    return try PrivateKey(der: secret, form: .pkcs8)
  }

  /// In PEM, with the newline at its end.
  /// - Throws: ``CryptographyError`` where there is no memory.
  package func pem() throws(CryptographyError) -> String { try PEM.text(Self.label, der) }
}
