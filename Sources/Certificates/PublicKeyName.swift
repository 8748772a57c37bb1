import Crypto
import SwiftASN1
import X509

extension Certificate.PublicKey {
  /// The field's name for the algorithm, with the size where it has several: "P-256", "RSA 2048", "Ed25519".
  var algorithmName: String {
    if P256.Signing.PublicKey(self) != nil { return "P-256" }
    if P384.Signing.PublicKey(self) != nil { return "P-384" }
    if P521.Signing.PublicKey(self) != nil { return "P-521" }
    if Curve25519.Signing.PublicKey(self) != nil { return "Ed25519" }
    return rsaModulusBits.map { "RSA \($0)" } ?? "RSA"
  }

  /// The modulus' length. An RSA key is `SEQUENCE { modulus INTEGER, publicExponent INTEGER }` (RFC 8017,
  /// A.1.1).
  private var rsaModulusBits: Int? {
    let modulus = try? DER.sequence(DER.parse(subjectPublicKeyInfoBytes), identifier: .sequence) { nodes in
      let modulus = try ArraySlice<UInt8>(derEncoded: &nodes)
      _ = try ArraySlice<UInt8>(derEncoded: &nodes)
      return modulus.drop { $0 == 0 }
    }
    guard let modulus, let first = modulus.first else { return nil }
    return modulus.count * 8 - first.leadingZeroBitCount
  }
}
