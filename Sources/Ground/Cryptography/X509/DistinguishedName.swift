internal import COpenSSL

/// A distinguished name (RFC 5280, section 4.1.2.4). Names are equal if their encodings are.
package struct DistinguishedName: Hashable, Sendable {
  /// One attribute, such as a Common Name.
  package struct Attribute: Hashable, Sendable {
    package static let commonName = "2.5.4.3"
    package static let organizationalUnit = "2.5.4.11"

    /// The object identifier, as in "2.5.4.3".
    package let type: String
    /// The tag of the value, which is the string type.
    package let tag: UInt8
    /// The bytes of the string.
    package let value: [UInt8]
    /// The value with its tag and length.
    let encoding: [UInt8]
  }

  package let der: [UInt8]
  /// The attributes of each relative distinguished name in order of the encoding; usually one each.
  package let relativeNames: [[Attribute]]

  /// All attributes in order of the encoding.
  package var attributes: [Attribute] { Array(relativeNames.joined()) }

  /// A name with a Common Name in UTF8String and nothing else.
  package init(commonName: String) {
    self.init(Attribute.commonName, [0x06, 0x03, 0x55, 0x04, 0x03], commonName)
  }

  /// A name with an organizational unit in UTF8String and nothing else.
  package init(organizationalUnit: String) {
    self.init(Attribute.organizationalUnit, [0x06, 0x03, 0x55, 0x04, 0x0b], organizationalUnit)
  }

  /// - Parameter identifier: the object identifier of the type, in DER.
  private init(_ type: String, _ identifier: [UInt8], _ text: String) {
    let value = DER.value(0x0c, Array(text.utf8))
    der = DER.sequence(DER.value(0x31, DER.sequence(identifier, value)))
    relativeNames = [[Attribute(type: type, tag: 0x0c, value: Array(text.utf8), encoding: value)]]
  }

  /// - Throws: ``CryptographyError`` if the bytes are not a name in DER.
  package init(der: [UInt8]) throws(CryptographyError) {
    guard let name = DERReader.only(0x30, in: der), let relativeNames = Self.relativeNames(name) else {
      throw CryptographyError("read a name", because: "not a name")
    }
    self.der = der
    self.relativeNames = relativeNames
  }

  /// - Parameter name: owned by a certificate, request or list.
  init(reading name: OpaquePointer?) throws(CryptographyError) {
    var start: UnsafePointer<UInt8>?
    var count = 0
    try check(X509_NAME_get0_der(name, &start, &count), "read a name")
    try self.init(der: Array(UnsafeBufferPointer(start: start, count: count)))
  }

  /// Creates an `X509_NAME`, which the caller owns.
  func makePointer() throws(CryptographyError) -> Owned {
    let pointer = try der.lent { (bytes) throws(CryptographyError) in
      try decode(bytes, "read a name", freedBy: X509_NAME_free) { d2i_X509_NAME(nil, $0, $1) }
    }
    return try Owned(pointer, X509_NAME_free, "read a name")
  }

  private static func relativeNames(_ name: DERReader.Value) -> [[Attribute]]? {
    var relativeNames: [[Attribute]] = []
    var sets = DERReader(name.contents)
    while let set = sets.next(0x31) {
      var attributes: [Attribute] = []
      var members = DERReader(set.contents)
      while let member = members.next(0x30) {
        var parts = DERReader(member.contents)
        guard let type = parts.next(0x06)?.objectIdentifier, let value = parts.next(), parts.isAtEnd else {
          return nil
        }
        attributes.append(
          Attribute(
            type: type, tag: value.tag, value: Array(value.contents), encoding: Array(value.whole)))
      }
      guard members.isAtEnd else { return nil }
      relativeNames.append(attributes)
    }
    return sets.isAtEnd ? relativeNames : nil
  }
}
