import Crypto
import SwiftASN1
import X509

extension Certificate.PublicKey {
  /// The field's name for the algorithm, with the size where it has several: "P-256", "RSA 2048", "Ed25519".
  var algorithmName: String { curve ?? rsaModulusBits.map { "RSA \($0)" } ?? "RSA" }

  private var curve: String? {
    if P256.Signing.PublicKey(self) != nil { return "P-256" }
    if P384.Signing.PublicKey(self) != nil { return "P-384" }
    if P521.Signing.PublicKey(self) != nil { return "P-521" }
    return Curve25519.Signing.PublicKey(self) != nil ? "Ed25519" : nil
  }

  /// The modulus' length; nil where it is no RSA key. An RSA key is `SEQUENCE { modulus INTEGER, publicExponent INTEGER }` (RFC 8017,
  /// A.1.1).
  var rsaModulusBits: Int? {
    guard curve == nil else { return nil }
    let modulus = try? DER.sequence(DER.parse(subjectPublicKeyInfoBytes), identifier: .sequence) { nodes in
      let modulus = try ArraySlice<UInt8>(derEncoded: &nodes)
      _ = try ArraySlice<UInt8>(derEncoded: &nodes)
      return modulus.drop { $0 == 0 }
    }
    guard let modulus, let first = modulus.first else { return nil }
    return modulus.count * 8 - first.leadingZeroBitCount
  }
}
