import Cryptography

/// A private key. Descriptions, mirrors and errors show only its algorithm, so that it cannot be printed by
/// mistake.
package struct PrivateKey: Sendable {
  /// The key itself, for rooms that sign with it.
  package let key: Cryptography.PrivateKey

  /// Makes a new key. RSA takes a part of a second.
  /// - Throws: ``CertificatesError``.
  package static func generate(_ algorithm: KeyAlgorithm = .p256) throws -> PrivateKey {
    do {
      return PrivateKey(key: try .generate(algorithm.kind))
    } catch {
      throw CertificatesError(
        "no \(algorithm.rawValue) key could be made", hint: "try again, or another kind")
    }
  }

  package init(key: Cryptography.PrivateKey) {
    self.key = key
  }

  /// Reads one key in PKCS#8, SEC1 or PKCS#1, and ignores other PEM documents in the text.
  /// - Parameters:
  ///   - source: the origin of the text, for messages.
  ///   - passphrase: called only if the key is encrypted, which must be in PKCS#8.
  /// - Throws: ``CertificatesError``.
  package init(pem: String, source: String = "the key", passphrase: PassphraseSource? = nil) throws {
    self.key = try PEMText(text: pem, source: source).privateKey(passphrase: passphrase)
  }

  /// The usual name of the algorithm: "P-256", "RSA 2048".
  package var algorithm: String { "\(key.kind)" }

  /// The secret key in PEM. Write it only to a file with mode 0600 or to a Secret.
  package func secretPEM() throws -> String {
    // RSA keys keep the form of earlier releases, PKCS#1.
    let form = if case .rsa = key.kind { PrivateKeyForm.pkcs1 } else { PrivateKeyForm.pkcs8 }
    return try PEM.secret(form.label, key.der(form)).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  /// The secret key in PEM, encrypted with a passphrase: PKCS#8 with PBES2, as `openssl pkcs8 -topk8` writes
  /// it.
  /// - Throws: ``CertificatesError``.
  package func secretPEM(protectedBy passphrase: Passphrase) throws -> String {
    try ProtectedKey(key, passphrase: passphrase.bytes).pem()
  }

  /// A signature of a message: DER for elliptic curves, PKCS#1 version 1.5 for RSA, with the digest that is usual for
  /// the kind of key.
  /// - Throws: ``CertificatesError``.
  package func signature(of message: [UInt8]) throws -> [UInt8] {
    do {
      return try key.sign(message)
    } catch {
      throw CertificatesError("nothing can be signed with the \(algorithm) key", hint: "make a new key")
    }
  }

  /// Whether a certificate is for this key.
  package func belongs(to certificate: Certificate) -> Bool { (try? certificate.publicKey) == key.publicKey }
}

extension PrivateKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "private key (\(algorithm), redacted)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
