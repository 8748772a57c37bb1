import Cryptography

/// The ways of signing that are taken (RFC 7518, section 3.1; RFC 8037, section 3.1). There is none for "none", which is
/// no signature, and none for HMAC, whose key would be a public one for whoever confuses the two: so neither can be
/// asked for.
package enum SignatureAlgorithm: String, Hashable, Sendable, CaseIterable {
  case rs256 = "RS256"
  case rs384 = "RS384"
  case rs512 = "RS512"
  case es256 = "ES256"
  case es384 = "ES384"
  case es512 = "ES512"
  case edDSA = "EdDSA"

  /// What a kind of key signs with where nobody says.
  package static func usual(for kind: KeyKind) -> SignatureAlgorithm {
    switch kind {
    case .rsa: .rs256
    case .p256: .es256
    case .p384: .es384
    case .p521: .es512
    case .ed25519: .edDSA
    }
  }

  /// Whether a key of this kind signs so. A curve has one way only.
  package func fits(_ kind: KeyKind) -> Bool {
    switch (self, kind) {
    case (.rs256, .rsa), (.rs384, .rsa), (.rs512, .rsa), (.es256, .p256), (.es384, .p384), (.es512, .p521),
      (.edDSA, .ed25519):
      true
    default: false
    }
  }

  /// Nil for Ed25519, whose signature has none of its own.
  var digest: Digest? {
    switch self {
    case .rs256, .es256: .sha256
    case .rs384, .es384: .sha384
    case .rs512, .es512: .sha512
    case .edDSA: nil
    }
  }
}
