import Crypto
import CryptoExtras
import X509

/// The kinds of key that Bulkhead makes. etcd takes certificates of all of them, and from authorities of all.
package enum KeyAlgorithm: String, CaseIterable, Sendable {
  case p256, p384, rsa3072, rsa4096, ed25519

  /// - Throws: whatever the crypto library throws, which has not been seen.
  func makeKey() throws -> Certificate.PrivateKey {
    switch self {
    case .p256: PrivateKey.generate().key
    case .p384: Certificate.PrivateKey(P384.Signing.PrivateKey(compactRepresentable: false))
    case .rsa3072: try Certificate.PrivateKey(_RSA.Signing.PrivateKey(keySize: .bits3072))
    case .rsa4096: try Certificate.PrivateKey(_RSA.Signing.PrivateKey(keySize: .bits4096))
    case .ed25519: Certificate.PrivateKey(Curve25519.Signing.PrivateKey())
    }
  }
}
