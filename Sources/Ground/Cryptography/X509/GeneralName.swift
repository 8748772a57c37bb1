/// A name beside the subject's (RFC 5280, section 4.2.1.6).
package enum GeneralName: Hashable, Sendable {
  case dns(String)
  /// Four or sixteen bytes in network order; of a name constraint twice as many, the mask after the address. What was
  /// read may have any number.
  case ip([UInt8])
  case email(String)
  case uri(String)
  case directory(DistinguishedName)
  /// An object identifier.
  case registered(String)
  /// - Parameters:
  ///   - type: an object identifier.
  ///   - value: in DER; nil where there is none.
  case other(type: String, value: [UInt8]?)
  /// One of the two kinds that nobody uses, with its tag and length.
  case x400([UInt8])
  case ediParty([UInt8])

  /// In DER; nil for the kinds that are only read.
  package var der: [UInt8]? {
    switch self {
    case .email(let text): DER.value(0x81, Array(text.utf8))
    case .dns(let text): DER.value(0x82, Array(text.utf8))
    case .uri(let text): DER.value(0x86, Array(text.utf8))
    case .ip(let bytes): DER.value(0x87, bytes)
    case .directory(let name): DER.value(0xa4, name.der)
    case .registered, .other, .x400, .ediParty: nil
    }
  }

  /// - Returns: nil where the value is no such name.
  init?(_ value: DERReader.Value) {
    switch value.tag {
    case 0x81, 0x82, 0x86:
      guard value.contents.allSatisfy({ $0 < 0x80 }) else { return nil }
      let text = String(decoding: value.contents, as: UTF8.self)
      self = value.tag == 0x81 ? .email(text) : value.tag == 0x82 ? .dns(text) : .uri(text)
    case 0x87: self = .ip(Array(value.contents))
    case 0x88:
      guard let identifier = value.objectIdentifier else { return nil }
      self = .registered(identifier)
    case 0xa0:
      var parts = DERReader(value.contents)
      guard let type = parts.next(0x06)?.objectIdentifier else { return nil }
      let tagged = parts.next(0xa0)
      guard parts.isAtEnd else { return nil }
      self = .other(type: type, value: tagged.map { Array($0.contents) })
    case 0xa3: self = .x400(Array(value.whole))
    case 0xa4:
      guard let name = try? DistinguishedName(der: Array(value.contents)) else { return nil }
      self = .directory(name)
    case 0xa5: self = .ediParty(Array(value.whole))
    default: return nil
    }
  }

  /// All names of a sequence; nil where one of them is none.
  static func all(in contents: ArraySlice<UInt8>) -> [GeneralName]? {
    var names: [GeneralName] = []
    var reader = DERReader(contents)
    while let value = reader.next() {
      guard let name = GeneralName(value) else { return nil }
      names.append(name)
    }
    return reader.isAtEnd ? names : nil
  }
}
