/// JSON (RFC 8259) without duplicate members, of which one parser would take the first and another the last (RFC 7515,
/// section 4).
package enum StrictJSON: Hashable, Sendable {
  case object([String: StrictJSON])
  case array([StrictJSON])
  case string(String)
  /// The number as it is written.
  case number(String)
  case bool(Bool)
  case null

  /// Parses one value in UTF-8.
  /// - Throws: ``JOSEError`` if the bytes are not exactly one value, have a byte-order mark, or are nested more than 16
  ///   levels deep.
  package init(_ bytes: some Sequence<UInt8>) throws(JOSEError) {
    var reader = JSONReader(Array(bytes))
    self = try reader.document()
  }

  /// A member of an object; nil without one.
  package subscript(_ name: String) -> StrictJSON? {
    if case .object(let members) = self { members[name] } else { nil }
  }

  /// The text of a string; nil for other values.
  package var text: String? {
    if case .string(let text) = self { text } else { nil }
  }
}

private struct JSONReader {
  private let bytes: [UInt8]
  private var position = 0

  private static let deepest = 16

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JOSEError) -> StrictJSON {
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw broken }
    return value
  }

  private var broken: JOSEError { .malformed("not JSON, or with duplicate members") }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(JOSEError) -> StrictJSON {
    guard depth < Self.deepest else { throw broken }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func word(_ text: String, _ value: StrictJSON) throws(JOSEError) -> StrictJSON {
    guard bytes[position...].starts(with: text.utf8) else { throw broken }
    position += text.utf8.count
    return value
  }

  private mutating func object(depth: Int) throws(JOSEError) -> StrictJSON {
    position += 1
    var members: [String: StrictJSON] = [:]
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      let name = try string()
      guard take(":") else { throw broken }
      let value = try value(depth: depth + 1)
      guard members.updateValue(value, forKey: name) == nil else { throw broken }
    } while take(",")
    guard take("}") else { throw broken }
    return .object(members)
  }

  private mutating func array(depth: Int) throws(JOSEError) -> StrictJSON {
    position += 1
    var values: [StrictJSON] = []
    if take("]") { return .array(values) }
    repeat { values.append(try value(depth: depth + 1)) } while take(",")
    guard take("]") else { throw broken }
    return .array(values)
  }

  private mutating func number() throws(JOSEError) -> String {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    if next == UInt8(ascii: "0") { position += 1 } else { try digits() }
    if next == UInt8(ascii: ".") {
      position += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func digits() throws(JOSEError) {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    guard position > start else { throw broken }
  }

  private mutating func string() throws(JOSEError) -> String {
    guard next == UInt8(ascii: "\"") else { throw broken }
    position += 1
    var text: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: text, as: UTF8.self) else { throw broken }
        return text
      case UInt8(ascii: "\\"): text += try escaped()
      case 0..<0x20: throw broken
      default: text.append(byte)
      }
    }
    throw broken
  }

  private mutating func escaped() throws(JOSEError) -> [UInt8] {
    guard let byte = next else { throw broken }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0c]
    case UInt8(ascii: "n"): return [0x0a]
    case UInt8(ascii: "r"): return [0x0d]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): return try escapedScalar()
    default: throw broken
    }
  }

  /// A `\u` escape, or two of them for a surrogate pair.
  private mutating func escapedScalar() throws(JOSEError) -> [UInt8] {
    let first = try unit()
    var units = [first]
    if UTF16.isLeadSurrogate(first) {
      guard bytes[position...].starts(with: "\\u".utf8) else { throw broken }
      position += 2
      units.append(try unit())
    }
    guard let text = String(validating: units, as: UTF16.self) else { throw broken }
    return Array(text.utf8)
  }

  private mutating func unit() throws(JOSEError) -> UInt16 {
    let digits = bytes[position...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
      let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw broken }
    position += 4
    return unit
  }
}
