import Crypto
import X509

/// A private key that cannot be printed by mistake: descriptions, mirrors and errors show its algorithm only.
public struct PrivateKey: Sendable {
  let key: Certificate.PrivateKey

  /// A new P-256 key.
  public static func generate() -> PrivateKey {
    PrivateKey(key: Certificate.PrivateKey(P256.Signing.PrivateKey()))
  }

  init(key: Certificate.PrivateKey) {
    self.key = key
  }

  /// Reads one key in PKCS#8, SEC1 or PKCS#1; other PEM documents around it are passed over.
  /// - Parameter source: where the text came from, for messages.
  /// - Throws: ``CertificatesError``.
  public init(pem: String, source: String = "the key") throws {
    self.key = try PEMText(text: pem, source: source).privateKey()
  }

  /// The field's name for the algorithm, as in "P-256" and "RSA 2048".
  public var algorithm: String { key.publicKey.algorithmName }

  /// The secret itself, in PEM. It belongs in a file with mode 0600 or a Secret, nowhere else.
  public func secretPEM() throws -> String {
    try key.serializeAsPEM().pemString + "\n"
  }

  func belongs(to certificate: Certificate) -> Bool { key.publicKey == certificate.publicKey }
}

extension PrivateKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "private key (\(algorithm), redacted)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
