import Cryptography

/// The kinds of keys that Bulkhead makes. etcd accepts certificates and authorities with each of them.
package enum KeyAlgorithm: String, CaseIterable, Sendable {
  case p256, p384, rsa3072, rsa4096, ed25519

  /// The kind as OpenSSL makes it.
  package var kind: KeyKind {
    switch self {
    case .p256: .p256
    case .p384: .p384
    case .rsa3072: .rsa(bits: 3072)
    case .rsa4096: .rsa(bits: 4096)
    case .ed25519: .ed25519
    }
  }
}
