extension DER {
  /// Whether the bytes are exactly one value in DER. OpenSSL also accepts several forms of BER that other parsers refuse.
  ///
  /// Checked are: definite and minimal lengths, single-byte tags, minimal integers, the order of sets, and that FALSE,
  /// which is the default of all booleans in X.509, is not encoded. Contents of octet and bit strings are not checked.
  static func isStrict(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var position = 0
    return isValue(bytes, &position, end: bytes.count, depth: 0) && position == bytes.count
  }

  /// The tag of the second element of a sequence in strict DER; nil without one.
  static func secondTag(of bytes: UnsafeRawBufferPointer) -> UInt8? {
    var position = 1
    guard bytes.count >= 2, bytes[0] == 0x30, length(bytes, &position, end: bytes.count) != nil,
      isValue(bytes, &position, end: bytes.count, depth: 0), position < bytes.count
    else { return nil }
    return bytes[position]
  }

  /// A certificate has about ten levels.
  private static let deepest = 32

  private static func isValue(
    _ bytes: UnsafeRawBufferPointer, _ position: inout Int, end: Int, depth: Int
  ) -> Bool {
    guard depth < deepest, end - position >= 2 else { return false }
    let tag = bytes[position]
    position += 1
    guard tag & 0x1f != 0x1f, let count = length(bytes, &position, end: end) else { return false }
    let contents = position..<position + count
    position = contents.upperBound
    if tag & 0x20 == 0 { return isPrimitive(tag, UnsafeRawBufferPointer(rebasing: bytes[contents])) }
    var inner = contents.lowerBound
    var last: Range<Int>?
    while inner < contents.upperBound {
      let start = inner
      guard isValue(bytes, &inner, end: contents.upperBound, depth: depth + 1) else { return false }
      if tag == 0x31, let last, bytes[start..<inner].lexicographicallyPrecedes(bytes[last]) { return false }
      last = start..<inner
    }
    return true
  }

  /// Reads a length and advances past it.
  private static func length(_ bytes: UnsafeRawBufferPointer, _ position: inout Int, end: Int) -> Int? {
    let first = bytes[position]
    position += 1
    if first < 0x80 { return Int(first) <= end - position ? Int(first) : nil }
    let digits = Int(first & 0x7f)
    guard (1...4).contains(digits), digits <= end - position, bytes[position] != 0 else { return nil }
    let length = bytes[position..<position + digits].reduce(0) { $0 << 8 | Int($1) }
    position += digits
    return length >= 0x80 && length <= end - position ? length : nil
  }

  private static func isPrimitive(_ tag: UInt8, _ contents: UnsafeRawBufferPointer) -> Bool {
    switch tag {
    case 0x01: contents.count == 1 && contents[0] == 0xff
    case 0x02, 0x0a:
      contents.count == 1
        || contents.count > 1 && !(contents[0] == 0 && contents[1] < 0x80)
          && !(contents[0] == 0xff && contents[1] >= 0x80)
    case 0x05: contents.isEmpty
    // Sequences and sets must be constructed.
    case 0x10, 0x11: false
    default: true
    }
  }
}
