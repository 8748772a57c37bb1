import Cryptography

/// The supported algorithms (RFC 7518, section 3.1; RFC 8037, section 3.1). There is no case for "none" and none for
/// HMAC, so that a token cannot select them: an HMAC whose secret is a public key would be a forgery that anyone can
/// make.
package enum SignatureAlgorithm: String, Hashable, Sendable, CaseIterable {
  case rs256 = "RS256"
  case rs384 = "RS384"
  case rs512 = "RS512"
  case es256 = "ES256"
  case es384 = "ES384"
  case es512 = "ES512"
  case edDSA = "EdDSA"

  /// The default for a kind of key.
  package static func usual(for kind: KeyKind) -> SignatureAlgorithm {
    switch kind {
    case .rsa: .rs256
    case .p256: .es256
    case .p384: .es384
    case .p521: .es512
    case .ed25519: .edDSA
    }
  }

  /// Whether a key of this kind can use the algorithm. Each curve has exactly one.
  package func fits(_ kind: KeyKind) -> Bool {
    switch (self, kind) {
    case (.rs256, .rsa), (.rs384, .rsa), (.rs512, .rsa), (.es256, .p256), (.es384, .p384), (.es512, .p521),
      (.edDSA, .ed25519):
      true
    default: false
    }
  }

  /// Nil for Ed25519, which takes none.
  var digest: Digest? {
    switch self {
    case .rs256, .es256: .sha256
    case .rs384, .es384: .sha384
    case .rs512, .es512: .sha512
    case .edDSA: nil
    }
  }
}
