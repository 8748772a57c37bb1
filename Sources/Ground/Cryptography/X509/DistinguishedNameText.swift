extension DistinguishedName.Attribute {
  /// The string, if its type and characters are unambiguous: UTF8String, or PrintableString and IA5String with allowed
  /// characters.
  package var text: String? {
    switch tag {
    case 0x0c: String(decoding: value, as: UTF8.self)
    case 0x13 where value.allSatisfy(\.isPrintableString): String(decoding: value, as: UTF8.self)
    case 0x16 where value.allSatisfy({ $0 < 0x80 }): String(decoding: value, as: UTF8.self)
    default: nil
    }
  }

  /// The short name (RFC 4514, section 3), or the object identifier.
  fileprivate var typeName: String {
    switch type {
    case Self.commonName: "CN"
    case "2.5.4.6": "C"
    case "2.5.4.7": "L"
    case "2.5.4.8": "ST"
    case "2.5.4.9": "STREET"
    case "2.5.4.10": "O"
    case "2.5.4.11": "OU"
    case "0.9.2342.19200300.100.1.25": "DC"
    case "1.2.840.113549.1.9.1": "E"
    default: type
    }
  }
}

extension DistinguishedName: CustomStringConvertible {
  /// The notation of RFC 4514, last attribute first, as in `CN=alice,O=example`. An ambiguous string is shown as the bytes
  /// of its encoding.
  package var description: String {
    relativeNames.reversed().map { attributes in
      attributes.map { "\($0.typeName)=\(($0.text ?? "ASN1Any(\($0.encoding))").escaped)" }
        .joined(separator: "+")
    }.joined(separator: ",")
  }
}

extension String {
  /// RFC 4514, section 2.4. Control characters and separators of lines, which the name of another must not bring into a
  /// message, are written as their bytes: `\0A`.
  fileprivate var escaped: String {
    var escaped = ""
    for (index, scalar) in zip(unicodeScalars.indices, unicodeScalars) {
      let isFirst = index == unicodeScalars.startIndex
      let isLast = unicodeScalars.index(after: index) == unicodeScalars.endIndex
      switch scalar {
      case ",", "+", "\"", "\\", "<", ">", ";": escaped.append("\\")
      case "#" where isFirst: escaped.append("\\")
      case " " where isFirst || isLast: escaped.append("\\")
      case _ where scalar.breaksLine:
        escaped += scalar.bytesEscaped
        continue
      default: break
      }
      escaped.unicodeScalars.append(scalar)
    }
    return escaped
  }
}

extension Unicode.Scalar {
  fileprivate var breaksLine: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  fileprivate var bytesEscaped: String {
    UTF8.encode(self).map {
      $0.map { "\\" + ($0 < 0x10 ? "0" : "") + String($0, radix: 16, uppercase: true) }
    }?
    .joined() ?? ""
  }
}

extension String {
  /// The text of a name in a certificate, on one line: see ``escaped``.
  var onOneLine: String {
    guard unicodeScalars.contains(where: \.breaksLine) else { return self }
    return unicodeScalars.map { $0.breaksLine ? $0.bytesEscaped : String($0) }.joined()
  }
}

extension UInt8 {
  /// X.680, section 41.4.
  fileprivate var isPrintableString: Bool {
    switch self {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: " '()+,-./:=?".utf8.contains(self)
    }
  }
}
