internal import COpenSSL

/// An extension to be written to a certificate, a request or a list. Its value is DER and never OpenSSL's string form for
/// configuration files, in which one name can inject others.
package struct CertificateExtension: Hashable, Sendable {
  /// The object identifier, as in "2.5.29.19".
  package let identifier: String
  package let isCritical: Bool
  /// The value in DER.
  package let value: [UInt8]

  package init(_ identifier: String, isCritical: Bool = false, value: [UInt8]) {
    self.identifier = identifier
    self.isCritical = isCritical
    self.value = value
  }

  /// Creates an `X509_EXTENSION`, which the caller owns.
  func makePointer() throws(CryptographyError) -> Owned {
    let operation = "write the extension \(identifier)"
    let object = try Owned(OBJ_txt2obj(identifier, 1), ASN1_OBJECT_free, operation)
    let octets = try check(ASN1_OCTET_STRING_new(), operation)
    defer { ASN1_OCTET_STRING_free(octets) }
    try check(ASN1_OCTET_STRING_set(octets, value, count32(value.count, operation)), operation)
    return try Owned(
      X509_EXTENSION_create_by_OBJ(nil, object.pointer, isCritical ? 1 : 0, octets), X509_EXTENSION_free,
      operation)
  }
}

/// Key usages (RFC 5280, section 4.2.1.3); the raw value is the number of the bit.
package enum KeyUsage: Int, Hashable, Sendable, CaseIterable {
  case digitalSignature, contentCommitment, keyEncipherment, dataEncipherment, keyAgreement, keyCertSign,
    cRLSign, encipherOnly, decipherOnly
}

/// Basic constraints (RFC 5280, section 4.2.1.9).
package struct BasicConstraints: Hashable, Sendable {
  package let isAuthority: Bool
  /// The maximum number of intermediates below this authority; nil for no limit.
  package let pathLength: Int?

  package init(isAuthority: Bool, pathLength: Int? = nil) {
    self.isAuthority = isAuthority
    self.pathLength = pathLength
  }
}

/// Name constraints (RFC 5280, section 4.2.1.10).
package struct NameConstraints: Hashable, Sendable {
  package let permitted: [GeneralName]
  package let excluded: [GeneralName]

  package init(permitted: [GeneralName], excluded: [GeneralName]) {
    self.permitted = permitted
    self.excluded = excluded
  }
}

/// Object identifiers of extended key usages (RFC 5280, section 4.2.1.12).
package enum ExtendedKeyUsage {
  package static let serverAuth = "1.3.6.1.5.5.7.3.1"
  package static let clientAuth = "1.3.6.1.5.5.7.3.2"
  package static let any = "2.5.29.37.0"
}

extension CertificateExtension {
  /// Object identifiers of extensions.
  package enum Identifier {
    package static let subjectKeyIdentifier = "2.5.29.14"
    package static let keyUsage = "2.5.29.15"
    package static let subjectAlternativeNames = "2.5.29.17"
    package static let basicConstraints = "2.5.29.19"
    package static let listNumber = "2.5.29.20"
    package static let reasonCode = "2.5.29.21"
    package static let nameConstraints = "2.5.29.30"
    package static let authorityKeyIdentifier = "2.5.29.35"
    package static let extendedKeyUsage = "2.5.29.37"
  }

  package static func basicConstraints(_ constraints: BasicConstraints) -> Self {
    let length = constraints.pathLength.map { DER.integer($0.bigEndianBytes) } ?? []
    return Self(
      Identifier.basicConstraints, isCritical: true,
      value: constraints.isAuthority ? DER.sequence([0x01, 0x01, 0xff], length) : DER.sequence())
  }

  package static func keyUsage(_ usages: Set<KeyUsage>) -> Self {
    Self(Identifier.keyUsage, isCritical: true, value: DER.flags(usages.map(\.rawValue)))
  }

  package static func subjectKeyIdentifier(_ identifier: [UInt8]) -> Self {
    Self(Identifier.subjectKeyIdentifier, value: DER.octets(identifier))
  }

  package static func authorityKeyIdentifier(_ identifier: [UInt8]) -> Self {
    Self(Identifier.authorityKeyIdentifier, value: DER.sequence(DER.value(0x80, identifier)))
  }

  /// - Parameter usages: object identifiers, for example of ``ExtendedKeyUsage``.
  /// - Throws: ``CryptographyError`` if one of them is not an object identifier.
  package static func extendedKeyUsage(_ usages: [String]) throws(CryptographyError) -> Self {
    var identifiers: [UInt8] = []
    for usage in usages {
      guard let identifier = DER.objectIdentifier(usage) else {
        throw CryptographyError("write an extended key usage", because: "not an object identifier")
      }
      identifiers += identifier
    }
    return Self(Identifier.extendedKeyUsage, value: DER.sequence(identifiers))
  }

  /// - Throws: ``CryptographyError`` if a name is of a kind that can only be read.
  package static func subjectAlternativeNames(_ names: [GeneralName]) throws(CryptographyError) -> Self {
    Self(Identifier.subjectAlternativeNames, value: DER.value(0x30, try encoded(names) { $0 }))
  }

  /// - Throws: ``CryptographyError`` if a name is of a kind that can only be read.
  package static func nameConstraints(_ constraints: NameConstraints) throws(CryptographyError) -> Self {
    let permitted = try encoded(constraints.permitted) { DER.sequence($0) }
    let excluded = try encoded(constraints.excluded) { DER.sequence($0) }
    return Self(
      Identifier.nameConstraints, isCritical: true,
      value: DER.sequence(
        permitted.isEmpty ? [] : DER.value(0xa0, permitted),
        excluded.isEmpty ? [] : DER.value(0xa1, excluded)))
  }

  private static func encoded(
    _ names: [GeneralName], _ wrapped: ([UInt8]) -> [UInt8]
  ) throws(CryptographyError) -> [UInt8] {
    var bytes: [UInt8] = []
    for name in names {
      guard let der = name.der else {
        throw CryptographyError("write names", because: "a kind of name that can only be read")
      }
      bytes += wrapped(der)
    }
    return bytes
  }
}

extension Int {
  var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
