/// Reads consecutive values from bytes that ``DER/isStrict(_:)`` accepts. Used for names and extensions, which OpenSSL
/// gives as unions in stacks.
struct DERReader {
  struct Value {
    let tag: UInt8
    let contents: ArraySlice<UInt8>
    /// With tag and length.
    let whole: ArraySlice<UInt8>
  }

  private var rest: ArraySlice<UInt8>

  /// - Parameter contents: contents of a constructed value.
  init(_ contents: ArraySlice<UInt8>) { rest = contents }

  var isAtEnd: Bool { rest.isEmpty }

  /// The next value; nil at the end.
  mutating func next() -> Value? {
    guard rest.count >= 2 else { return nil }
    var position = rest.startIndex + 1
    var count = Int(rest[position])
    position += 1
    if count >= 0x80 {
      let end = position + (count & 0x7f)
      guard end - position <= 4, end <= rest.endIndex else { return nil }
      count = rest[position..<end].reduce(0) { $0 << 8 | Int($1) }
      position = end
    }
    guard count <= rest.endIndex - position else { return nil }
    let value = Value(
      tag: rest[rest.startIndex], contents: rest[position..<position + count],
      whole: rest[rest.startIndex..<position + count])
    rest = rest[(position + count)...]
    return value
  }

  /// The next value if it has this tag; otherwise nil, and nothing is consumed.
  mutating func next(_ tag: UInt8) -> Value? {
    guard rest.first == tag else { return nil }
    return next()
  }

  /// Reads bytes that must be exactly one value with this tag, in strict DER.
  static func only(_ tag: UInt8, in bytes: [UInt8]) -> Value? {
    guard bytes.withUnsafeBytes({ DER.isStrict($0) }) else { return nil }
    var reader = DERReader(bytes[...])
    return reader.next(tag)
  }
}

extension DERReader.Value {
  /// An object identifier as text, as in "2.5.4.3"; nil if it is invalid or has an arc of more than 64 bits.
  var objectIdentifier: String? {
    guard tag == 0x06 || tag == 0x88, let last = contents.last, last < 0x80 else { return nil }
    var arcs: [UInt64] = []
    var arc: UInt64 = 0
    for byte in contents {
      guard arc >> 57 == 0, arc != 0 || byte != 0x80 else { return nil }
      arc = arc << 7 | UInt64(byte & 0x7f)
      guard byte < 0x80 else { continue }
      arcs.append(arc)
      arc = 0
    }
    let first = min(arcs[0] / 40, 2)
    return ([first, arcs[0] - 40 * first] + arcs.dropFirst()).map(String.init).joined(separator: ".")
  }

  /// A number from 0 to 2^63 - 1; nil for others.
  var number: Int? {
    guard tag == 0x02 || tag == 0x0a, let first = contents.first, first < 0x80, contents.count <= 8 else {
      return nil
    }
    return contents.reduce(0) { $0 << 8 | Int($1) }
  }
}
