extension UInt8 {
  static let lineFeed: UInt8 = 10
  static let carriageReturn: UInt8 = 13
  static let space: UInt8 = 32
  static let tab: UInt8 = 9

  var lowercasedASCII: UInt8 { (0x41...0x5a).contains(self) ? self | 0x20 : self }

  var isDigit: Bool { (0x30...0x39).contains(self) }

  /// A character of a token: of a method or a field's name (RFC 9110, section 5.6.2).
  var isToken: Bool {
    switch self {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e, 0x5f, 0x60, 0x7c, 0x7e: true
    default: false
    }
  }

  /// A character that a field's value may hold (RFC 9110, section 5.5): no control character but the tab.
  var isFieldContent: Bool { self >= 0x20 && self != 0x7f || self == .tab }

  /// A visible ASCII character, as in a request's target.
  var isVisible: Bool { (0x21...0x7e).contains(self) }
}
