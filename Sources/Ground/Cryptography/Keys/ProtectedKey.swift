internal import COpenSSL

/// A private key protected by a passphrase: PKCS#8's EncryptedPrivateKeyInfo (RFC 5958, section 3) with PBES2 (RFC 8018).
///
/// Written with PBKDF2-HMAC-SHA-256 and AES-256-CBC, which `openssl` reads since 1.0. PBKDF2 with SHA-1 and SHA-2, scrypt
/// (RFC 7914) and AES-CBC with all key lengths are read.
package struct ProtectedKey: Sendable {
  /// The label in the PEM `BEGIN` line.
  package static let label = "ENCRYPTED PRIVATE KEY"

  /// The whole in DER.
  package let der: [UInt8]
  let derivation: Derivation
  let cipher: Cipher
  let ciphertext: [UInt8]

  /// As the OWASP Password Storage Cheat Sheet recommends for PBKDF2 with SHA-256.
  private static let rounds = 600_000

  /// Reads a protected key without decrypting it.
  /// - Throws: ``CryptographyError`` if the bytes are not such a key, the protection is not supported, or its cost is so
  ///   high that an attacker could use it to exhaust time or memory.
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

  /// How little the passphrase is protected against guessing by a holder of the file.
  package enum Weakness: Hashable, Sendable {
    /// Hardly at all: fewer than the 1,000 rounds of RFC 8018, section 4.2. With the scheme in words.
    case guessable(String)
    /// Less than passphrases that people remember need. With the scheme in words.
    case weak(String)
  }

  /// nil if the passphrase is protected well.
  package var weakness: Weakness? { derivation.weakness }

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

  /// Decrypts the key.
  /// - Throws: ``CryptographyError``. A wrong passphrase cannot be distinguished from a damaged key.
  package func key(passphrase: SecretBytes) throws(CryptographyError) -> PrivateKey {
    let secret = try cipher.open(ciphertext, key: derivation.key(from: passphrase, count: cipher.keyCount))
    return try PrivateKey(der: secret, form: .pkcs8)
  }

  /// The PEM text with a final newline.
  /// - Throws: ``CryptographyError`` if memory is exhausted.
  package func pem() throws(CryptographyError) -> String { try PEM.text(Self.label, der) }
}
