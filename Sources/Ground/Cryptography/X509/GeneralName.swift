/// A general name (RFC 5280, section 4.2.1.6).
package enum GeneralName: Hashable, Sendable {
  case dns(String)
  /// 4 or 16 bytes in network order; in a name constraint 8 or 32, address and mask. A name that was read can have any
  /// length.
  case ip([UInt8])
  case email(String)
  case uri(String)
  case directory(DistinguishedName)
  /// An object identifier.
  case registered(String)
  /// - Parameters:
  ///   - type: an object identifier.
  ///   - value: the value in DER; nil without one.
  case other(type: String, value: [UInt8]?)
  /// Two kinds that are not in use, as the DER of the whole name.
  case x400([UInt8])
  case ediParty([UInt8])

  /// The name in DER; nil for kinds that can only be read.
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

  /// - Returns: nil if the value is not a general name.
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

  /// All names of a sequence; nil if one is invalid.
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
