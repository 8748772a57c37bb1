/// The types that YAML 1.1 gives to plain texts (<https://yaml.org/type/>), by the patterns that Yams uses in its
/// default resolver, so that every file keeps its meaning.
enum CoreTag: String {
  case bool, int, float, merge, null, timestamp, value, str

  static let prefix = "tag:yaml.org,2002:"

  init(of text: String) {
    var text = text
    self = text.withUTF8 { Self.tag(of: $0) }
  }

  private static let bools: Set<String> = [
    "yes", "Yes", "YES", "no", "No", "NO", "true", "True", "TRUE", "false", "False", "FALSE", "on", "On",
    "ON",
    "off", "Off", "OFF",
  ]

  private static func tag(of text: UnsafeBufferPointer<UInt8>) -> CoreTag {
    guard let first = text.first else { return .null }
    switch first {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
      guard text.count <= 5 else { return .str }
      let word = String(decoding: text, as: UTF8.self)
      if bools.contains(word) { return .bool }
      return ["null", "Null", "NULL"].contains(word) ? .null : .str
    case UInt8(ascii: "~"): return text.count == 1 ? .null : .str
    case UInt8(ascii: "="): return text.count == 1 ? .value : .str
    case UInt8(ascii: "<"): return text.elementsEqual("<<".utf8) ? .merge : .str
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
      let patterns = Pattern(rest: text[...])
      if patterns.isInt { return .int }
      if patterns.isFloat { return .float }
      return patterns.isTimestamp ? .timestamp : .str
    default: return .str
    }
  }
}

/// What is left of a text that is compared with a pattern. Each pattern here can be followed from left to right
/// without going back.
private struct Pattern {
  var rest: Slice<UnsafeBufferPointer<UInt8>>

  private var isAtEnd: Bool { rest.isEmpty }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
  private static func isDigitOrLine(_ byte: UInt8) -> Bool { isDigit(byte) || byte == UInt8(ascii: "_") }

  @discardableResult
  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func skip(word: StaticString) -> Bool {
    let bytes = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
    guard rest.starts(with: bytes) else { return false }
    rest.removeFirst(bytes.count)
    return true
  }

  /// - Returns: how many bytes there were.
  @discardableResult
  private mutating func skip(atMost limit: Int = .max, _ isWanted: (UInt8) -> Bool) -> Int {
    let count = rest.prefix(limit).prefix(while: isWanted).count
    rest.removeFirst(count)
    return count
  }

  @discardableResult
  private mutating func skipSign() -> Bool { skip("-") || skip("+") }

  /// `(:[0-5]?[0-9])*`, and how often.
  private mutating func skipSixties() -> Int? {
    var count = 0
    while skip(":") {
      let first = rest.first
      guard skip(atMost: 1, Self.isDigit) == 1 else { return nil }
      if let first, first <= UInt8(ascii: "5") { skip(atMost: 1, Self.isDigit) }
      count += 1
    }
    return count
  }

  /// `[eE][-+]?[0-9]+`, which need not be there.
  private mutating func skipExponent(signed: Bool) -> Bool {
    guard skip("e") || skip("E") else { return true }
    let hasSign = skipSign()
    return (hasSign || !signed) && skip(Self.isDigit) > 0
  }

  var isInt: Bool {
    var text = self
    text.skipSign()
    let digits = text
    if text.skip("0") {
      if text.isAtEnd { return true }
      if text.skip("b") { return text.skip { $0 == 48 || $0 == 49 || $0 == 95 } > 0 && text.isAtEnd }
      if text.skip("x") {
        return text.skip { Self.isDigitOrLine($0) || (97...102).contains($0 | 0x20) } > 0 && text.isAtEnd
      }
      text.skip("o")
      return text.skip { (48...55).contains($0) || $0 == 95 } > 0 && text.isAtEnd
    }
    text = digits
    guard text.skip(Self.isDigitOrLine) > 0, digits.rest.first != UInt8(ascii: "_") else { return false }
    return text.skipSixties() != nil && text.isAtEnd
  }

  var isFloat: Bool {
    var text = self
    let isSigned = text.skipSign()
    if text.skip(".") {
      if text.skip(word: "inf") || text.skip(word: "Inf") || text.skip(word: "INF") { return text.isAtEnd }
      guard !isSigned else { return false }
      if text.skip(word: "nan") || text.skip(word: "NaN") || text.skip(word: "NAN") { return text.isAtEnd }
      return text.skip(Self.isDigitOrLine) > 0 && text.skipExponent(signed: true) && text.isAtEnd
    }
    guard let first = text.rest.first, Self.isDigit(first) else { return false }
    text.skip(Self.isDigitOrLine)
    if text.rest.first == UInt8(ascii: ":") {
      guard text.skipSixties() != nil, text.skip(".") else { return false }
      text.skip(Self.isDigitOrLine)
      return text.isAtEnd
    }
    if text.skip(".") { text.skip(Self.isDigitOrLine) }
    return text.skipExponent(signed: false) && text.isAtEnd
  }

  /// `2001-12-14`, or with a time behind it, where month and day may have one digit.
  var isTimestamp: Bool {
    var text = self
    guard text.skip(atMost: 4, Self.isDigit) == 4, text.skip("-") else { return false }
    let month = text.skip(atMost: 2, Self.isDigit)
    guard month > 0, text.skip("-") else { return false }
    let day = text.skip(atMost: 2, Self.isDigit)
    guard day > 0 else { return false }
    if text.isAtEnd { return month == 2 && day == 2 }
    guard text.skip("T") || text.skip("t") || text.skip({ $0 == 32 || $0 == 9 }) > 0,
      text.skip(atMost: 2, Self.isDigit) > 0, text.skip(":"), text.skip(atMost: 2, Self.isDigit) == 2,
      text.skip(":"), text.skip(atMost: 2, Self.isDigit) == 2
    else { return false }
    if text.skip(".") { text.skip(Self.isDigit) }
    if text.isAtEnd { return true }
    text.skip { $0 == 32 || $0 == 9 }
    if text.skip("Z") { return text.isAtEnd }
    guard text.skipSign(), text.skip(atMost: 2, Self.isDigit) > 0 else { return false }
    if text.skip(":") { return text.skip(atMost: 2, Self.isDigit) == 2 && text.isAtEnd }
    return text.isAtEnd
  }
}
