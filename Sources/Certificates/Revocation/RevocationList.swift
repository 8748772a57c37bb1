import Foundation
import SwiftASN1
import X509

/// A list of revoked certificates, version 2 (RFC 5280, section 5), in the order of their revocation.
///
/// etcd looks up serials and nothing else: neither issuer, signature nor nextUpdate (etcd, `client/pkg/transport/
/// listener_tls.go`, checkCRL). So the list holds the serials of the ledger's earlier authorities too, which are
/// as random as this one's; and the dates and the signature are for everyone else.
struct RevocationList {
  struct Entry: Hashable {
    let serial: [UInt8]
    let date: Date
    let reason: RevocationReason
  }

  let entries: [Entry]
  let number: Int
  let thisUpdate: Date
  let nextUpdate: Date

  /// The signed list in DER.
  /// - Throws: ``CertificatesError`` where the authority's certificate does not let it sign lists.
  func signed(by authority: Authority) throws -> [UInt8] {
    guard try authority.certificate.extensions.keyUsage?.cRLSign ?? true else {
      throw CertificatesError(
        "the authority's certificate may not sign revocation lists: its keyUsage lacks cRLSign",
        hint: "take the etcd user away instead (--cut-off), or use an authority that may")
    }
    let signature = SignatureName(of: authority.key)
    var content = DER.Serializer()
    try content.appendConstructedNode(identifier: .sequence) { coder in
      try coder.serialize(1)  // Version 2.
      try coder.serialize(signature)
      try coder.serialize(authority.certificate.subject)
      try coder.serialize(DERTime(date: thisUpdate))
      try coder.serialize(DERTime(date: nextUpdate))
      // An empty sequence must not be there at all.
      if !entries.isEmpty {
        try coder.appendConstructedNode(identifier: .sequence) { coder in
          for entry in entries { try coder.serialize(entry) }
        }
      }
      try coder.serialize(explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific) { coder in
        try coder.serializeSequenceOf(extensions(authority))
      }
    }
    let bytes = try authority.key.key.sign(
      bytes: content.serializedBytes, signatureAlgorithm: signature.algorithm)
    var list = DER.Serializer()
    try list.appendConstructedNode(identifier: .sequence) { coder in
      coder.serializeRawBytes(content.serializedBytes)
      try coder.serialize(signature)
      try coder.serialize(ASN1BitString(bytes: bytes.rawRepresentation[...]))
    }
    return list.serializedBytes
  }

  private func extensions(_ authority: Authority) throws -> [ListExtension] {
    let identifier = try Certificate.Extension(
      AuthorityKeyIdentifier(keyIdentifier: authority.keyIdentifier), critical: false)
    var number = DER.Serializer()
    try number.serialize(self.number)
    return [
      ListExtension(name: identifier.oid, value: identifier.value),
      ListExtension(name: [2, 5, 29, 20], value: number.serializedBytes[...]),
    ]
  }
}

extension RevocationList.Entry: DERSerializable {
  func serialize(into coder: inout DER.Serializer) throws {
    try coder.appendConstructedNode(identifier: .sequence) { coder in
      // The leading zero byte keeps the number positive.
      let bytes = serial.drop { $0 == 0 }
      coder.appendPrimitiveNode(identifier: .integer) { output in
        if bytes.first.map({ $0 >= 0x80 }) ?? true { output.append(0) }
        output += bytes
      }
      try coder.serialize(DERTime(date: date))
      guard let code = reason.code else { return }
      try coder.serializeSequenceOf([ListExtension(name: [2, 5, 29, 21], value: [0x0a, 0x01, code])])
    }
  }
}

/// An extension of the list or of an entry; none of them is critical.
private struct ListExtension: DERSerializable {
  let name: ASN1ObjectIdentifier
  let value: ArraySlice<UInt8>

  func serialize(into coder: inout DER.Serializer) throws {
    try coder.appendConstructedNode(identifier: .sequence) { coder in
      try coder.serialize(name)
      try coder.serialize(ASN1OctetString(contentBytes: value))
    }
  }
}

/// The signature algorithm that goes with a key, and its name in DER.
private struct SignatureName: DERSerializable {
  let algorithm: Certificate.SignatureAlgorithm
  private let name: ASN1ObjectIdentifier
  private let isRSA: Bool

  init(of key: PrivateKey) {
    let (algorithm, name): (Certificate.SignatureAlgorithm, ASN1ObjectIdentifier) =
      switch key.algorithm {
      case "P-256": (.ecdsaWithSHA256, [1, 2, 840, 10045, 4, 3, 2])
      case "P-384": (.ecdsaWithSHA384, [1, 2, 840, 10045, 4, 3, 3])
      case "P-521": (.ecdsaWithSHA512, [1, 2, 840, 10045, 4, 3, 4])
      case "Ed25519": (.ed25519, [1, 3, 101, 112])
      default: (.sha256WithRSAEncryption, [1, 2, 840, 113_549, 1, 1, 11])
      }
    self.algorithm = algorithm
    self.name = name
    self.isRSA = algorithm == .sha256WithRSAEncryption
  }

  /// RSA's has an explicit NULL (RFC 4055, section 5), the others have no parameters at all.
  func serialize(into coder: inout DER.Serializer) throws {
    try coder.appendConstructedNode(identifier: .sequence) { coder in
      try coder.serialize(name)
      if isRSA { try coder.serialize(ASN1Null()) }
    }
  }
}
