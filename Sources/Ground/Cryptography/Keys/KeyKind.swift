internal import COpenSSL

/// The supported kinds of key.
package enum KeyKind: Hashable, Sendable, CustomStringConvertible {
  case p256, p384, p521, ed25519
  /// - Parameter bits: length of the modulus.
  case rsa(bits: Int)

  /// The usual name, for RSA with the length: "P-256", "Ed25519", "RSA 2048".
  package var description: String {
    switch self {
    case .p256: "P-256"
    case .p384: "P-384"
    case .p521: "P-521"
    case .ed25519: "Ed25519"
    case .rsa(let bits): "RSA \(bits)"
    }
  }

  /// Length in bytes of a coordinate, of the scalar, and of each half of a signature; nil for Ed25519 and RSA.
  package var coordinateCount: Int? {
    switch self {
    case .p256: 32
    case .p384: 48
    case .p521: 66
    case .ed25519, .rsa: nil
    }
  }

  /// The default digest for signatures; nil for Ed25519, which takes none.
  var usualDigest: Digest? {
    switch self {
    case .p256, .rsa: .sha256
    case .p384: .sha384
    case .p521: .sha512
    case .ed25519: nil
    }
  }

  /// - Returns: nil for an unsupported kind.
  init?(of key: OpaquePointer) {
    if EVP_PKEY_is_a(key, "RSA") == 1 {
      self = .rsa(bits: Int(EVP_PKEY_get_bits(key)))
    } else if EVP_PKEY_is_a(key, "ED25519") == 1 {
      self = .ed25519
    } else if EVP_PKEY_is_a(key, "EC") == 1 {
      var name = [CChar](repeating: 0, count: 64)
      guard shim_curve(key, &name, name.count) == 1 else { return nil }
      switch String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) {
      case "prime256v1", "P-256": self = .p256
      case "secp384r1", "P-384": self = .p384
      case "secp521r1", "P-521": self = .p521
      default: return nil
      }
    } else {
      return nil
    }
  }
}
