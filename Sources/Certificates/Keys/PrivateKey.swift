import Cryptography

/// A private key that cannot be printed by mistake: descriptions, mirrors and errors show its algorithm only.
package struct PrivateKey: Sendable {
  let key: Cryptography.PrivateKey

  /// A new key of a kind. RSA takes a part of a second.
  /// - Throws: ``CertificatesError``.
  package static func generate(_ algorithm: KeyAlgorithm = .p256) throws -> PrivateKey {
    do {
      return PrivateKey(key: try .generate(algorithm.kind))
    } catch {
      throw CertificatesError(
        "no \(algorithm.rawValue) key could be made", hint: "try again, or another kind")
    }
  }

  init(key: Cryptography.PrivateKey) {
    self.key = key
  }

  /// Reads one key in PKCS#8, SEC1 or PKCS#1; other PEM documents around it are passed over.
  /// - Parameters:
  ///   - source: where the text came from, for messages.
  ///   - passphrase: asked only where the key is protected by one, which must be in PKCS#8.
  /// - Throws: ``CertificatesError``.
  package init(pem: String, source: String = "the key", passphrase: PassphraseSource? = nil) throws {
    self.key = try PEMText(text: pem, source: source).privateKey(passphrase: passphrase)
  }

  /// The field's name for the algorithm, as in "P-256" and "RSA 2048".
  package var algorithm: String { "\(key.kind)" }

  /// The secret itself, in PEM. It belongs in a file with mode 0600 or a Secret, nowhere else.
  package func secretPEM() throws -> String {
    // RSA keys are in the form that they have always had in files.
    let form = if case .rsa = key.kind { PrivateKeyForm.pkcs1 } else { PrivateKeyForm.pkcs8 }
    return try PEM.secret(form.label, key.der(form)).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  /// The secret in PEM, protected by a passphrase: PKCS#8 with PBES2, as `openssl pkcs8 -topk8` writes it.
  /// - Throws: ``CertificatesError``.
  package func secretPEM(protectedBy passphrase: Passphrase) throws -> String {
    try ProtectedKey(key, passphrase: passphrase.bytes).pem()
  }

  func belongs(to certificate: Certificate) -> Bool { (try? certificate.publicKey) == key.publicKey }
}

extension PrivateKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "private key (\(algorithm), redacted)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
