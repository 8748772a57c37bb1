import Crypto
import X509

/// A private key that cannot be printed by mistake: descriptions, mirrors and errors show its algorithm only.
package struct PrivateKey: Sendable {
  let key: Certificate.PrivateKey

  /// A new P-256 key.
  ///
  /// Most of the time goes into the library's check that the new key signs and verifies (FIPS 140-2). By default
  /// it also throws away every second key, so that the public half could be written with one coordinate, which
  /// nothing in X.509 does (swift-crypto, `NISTCurvesKeys_boring.swift`).
  package static func generate() -> PrivateKey {
    PrivateKey(key: Certificate.PrivateKey(P256.Signing.PrivateKey(compactRepresentable: false)))
  }

  /// A new key of a kind. RSA takes a part of a second.
  /// - Throws: ``CertificatesError``.
  package static func generate(_ algorithm: KeyAlgorithm) throws -> PrivateKey {
    do {
      return PrivateKey(key: try algorithm.makeKey())
    } catch {
      throw CertificatesError(
        "no \(algorithm.rawValue) key could be made", hint: "try again, or another kind")
    }
  }

  init(key: Certificate.PrivateKey) {
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
  package var algorithm: String { key.publicKey.algorithmName }

  /// The secret itself, in PEM. It belongs in a file with mode 0600 or a Secret, nowhere else.
  package func secretPEM() throws -> String {
    try key.serializeAsPEM().text
  }

  /// The secret in PEM, protected by a passphrase: PKCS#8 with PBES2, as `openssl pkcs8 -topk8` writes it.
  /// - Throws: ``CertificatesError``.
  package func secretPEM(protectedBy passphrase: Passphrase) throws -> String {
    try EncryptedKey(key, passphrase: passphrase).pemText()
  }

  func belongs(to certificate: Certificate) -> Bool { key.publicKey == certificate.publicKey }
}

extension PrivateKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "private key (\(algorithm), redacted)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
