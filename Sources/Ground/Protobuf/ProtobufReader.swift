/// Takes the fields of a message out of bytes that may be anything: every length is checked, nothing is taken twice.
///
/// `nextField()` goes to the next field, and one of the others takes its value.
package struct ProtobufReader: Sendable {
  /// How many messages or groups may stand in each other, as in Google's own readers.
  package static let deepest = 100

  private let input: [UInt8]
  private var position: Int
  private let end: Int
  private let depth: Int
  /// The field whose value has not been taken yet.
  private var waiting: (field: UInt32, type: WireType)?

  package init(_ bytes: [UInt8]) {
    self.init(bytes, 0..<bytes.count, depth: 0)
  }

  private init(_ bytes: [UInt8], _ range: Range<Int>, depth: Int) {
    input = bytes
    (position, end, self.depth) = (range.lowerBound, range.upperBound, depth)
  }

  /// Goes to the next field, and skips the value of the last one if it was not taken.
  /// - Returns: The field's number; nil at the end of the message.
  package mutating func nextField() throws(ProtobufError) -> UInt32? {
    if let waiting { try skip(waiting.field, waiting.type) }
    waiting = nil
    guard position < end else { return nil }
    let (field, type) = try tag()
    guard type != .endGroup else { throw .unbalancedGroup }
    waiting = (field, type)
    return field
  }

  // MARK: - the value of the current field

  package mutating func uint64() throws(ProtobufError) -> UInt64 {
    _ = try take(.varint)
    return try varint()
  }

  package mutating func int64() throws(ProtobufError) -> Int64 {
    Int64(bitPattern: try uint64())
  }

  /// An enumeration or an `int32`, of which only the lower half counts (Protocol Buffers, "Encoding").
  package mutating func int32() throws(ProtobufError) -> Int32 {
    Int32(truncatingIfNeeded: try uint64())
  }

  package mutating func bool() throws(ProtobufError) -> Bool {
    try uint64() != 0
  }

  package mutating func fixed64() throws(ProtobufError) -> UInt64 {
    _ = try take(.fixed64)
    let contents = try part(8)
    return littleEndian(contents)
  }

  package mutating func fixed32() throws(ProtobufError) -> UInt32 {
    _ = try take(.fixed32)
    let contents = try part(4)
    return UInt32(truncatingIfNeeded: littleEndian(contents))
  }

  package mutating func bytes() throws(ProtobufError) -> [UInt8] {
    _ = try take(.delimited)
    let contents = try part(try varint())
    return Array(input[contents])
  }

  package mutating func string() throws(ProtobufError) -> String {
    let field = try take(.delimited)
    let contents = try part(try varint())
    guard let text = String(validating: input[contents], as: UTF8.self) else { throw .notUTF8(field: field) }
    return text
  }

  /// A message in this one. A message that was read before is merged with it.
  package mutating func message(into message: inout some ProtobufReadable) throws(ProtobufError) {
    _ = try take(.delimited)
    guard depth < Self.deepest else { throw .tooDeep }
    var inner = ProtobufReader(input, try part(try varint()), depth: depth + 1)
    try message.merge(from: &inner)
  }

  /// A message in this one, as one of several.
  package mutating func message<Message: ProtobufReadable>() throws(ProtobufError) -> Message {
    var message = Message()
    try self.message(into: &message)
    return message
  }

  /// Integers or enumerations, one in a field or several packed into one: readers have to take both.
  package mutating func integers(into values: inout [Int64]) throws(ProtobufError) {
    guard waiting?.type == .delimited else {
      values.append(try int64())
      return
    }
    _ = try take(.delimited)
    var inner = ProtobufReader(input, try part(try varint()), depth: depth)
    while inner.position < inner.end { values.append(Int64(bitPattern: try inner.varint())) }
  }

  // MARK: - what fields consist of

  private mutating func take(_ type: WireType) throws(ProtobufError) -> UInt32 {
    guard let (field, found) = waiting else { throw .truncated }
    guard found == type else { throw .wrongWireType(field: field) }
    waiting = nil
    return field
  }

  private mutating func tag() throws(ProtobufError) -> (field: UInt32, type: WireType) {
    let tag = try varint()
    guard (1...536_870_911).contains(tag >> 3) else { throw .fieldNumber(tag >> 3) }
    let raw = UInt8(truncatingIfNeeded: tag & 7)
    guard let type = WireType(rawValue: raw) else { throw .unknownWireType(raw) }
    return (UInt32(tag >> 3), type)
  }

  private mutating func varint() throws(ProtobufError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard position < end else { throw .truncated }
      let byte = input[position]
      position += 1
      // The tenth byte has room for the last of 64 bits.
      if shift == 63, byte > 1 { throw .overlongInteger }
      value |= UInt64(byte & 0x7f) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    throw .overlongInteger
  }

  private mutating func part(_ count: UInt64) throws(ProtobufError) -> Range<Int> {
    guard count <= UInt64(end - position) else { throw .truncated }
    let start = position
    position += Int(count)
    return start..<position
  }

  private func littleEndian(_ range: Range<Int>) -> UInt64 {
    input[range].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func skip(_ field: UInt32, _ type: WireType) throws(ProtobufError) {
    var groups: [UInt32] = []
    var (field, type) = (field, type)
    while true {
      switch type {
      case .varint: _ = try varint()
      case .fixed64: _ = try part(8)
      case .fixed32: _ = try part(4)
      case .delimited: _ = try part(try varint())
      case .startGroup:
        guard depth + groups.count < Self.deepest else { throw .tooDeep }
        groups.append(field)
      case .endGroup:
        guard groups.popLast() == field else { throw .unbalancedGroup }
      }
      if groups.isEmpty { return }
      guard position < end else { throw .unbalancedGroup }
      (field, type) = try tag()
    }
  }
}
