/// Writes the subset of DER (X.690) that extensions and names need.
package enum DER {
  /// A value with tag and length.
  package static func value(_ tag: UInt8, _ contents: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [tag]
    bytes.reserveCapacity(contents.count + 6)
    if contents.count < 0x80 {
      bytes.append(UInt8(contents.count))
    } else {
      let length = withUnsafeBytes(of: contents.count.bigEndian) { Array($0.drop { $0 == 0 }) }
      bytes.append(0x80 | UInt8(length.count))
      bytes += length
    }
    return bytes + contents
  }

  package static func sequence(_ parts: [UInt8]...) -> [UInt8] { value(0x30, Array(parts.joined())) }

  package static func octets(_ contents: [UInt8]) -> [UInt8] { value(0x04, contents) }

  /// An unsigned number from its bytes, most significant byte first.
  package static func integer(_ bytes: [UInt8]) -> [UInt8] {
    let digits = Array(bytes.drop { $0 == 0 })
    // A leading zero keeps the number positive.
    return value(0x02, digits.first.map { $0 >= 0x80 } ?? true ? [0] + digits : digits)
  }

  /// A named bit list, without trailing zero bits (X.690, section 11.2.2). Bit 0 is the first.
  package static func flags(_ bits: [Int]) -> [UInt8] {
    guard let last = bits.max() else { return value(0x03, [0]) }
    var bytes = [UInt8](repeating: 0, count: last / 8 + 1)
    for bit in bits { bytes[bit / 8] |= 0x80 >> UInt8(bit % 8) }
    return value(0x03, [UInt8(7 - last % 8)] + bytes)
  }

  /// An object identifier from its text, as in "1.2.840.113549".
  /// - Returns: nil if the text is not an object identifier.
  package static func objectIdentifier(_ text: String) -> [UInt8]? {
    let arcs = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt64($0) }
    guard arcs.count >= 2, let first = arcs[0], let second = arcs[1], first <= 2, first == 2 || second < 40,
      second < 1 << 32
    else { return nil }
    var contents: [UInt8] = []
    for arc in [first * 40 + second] + arcs.dropFirst(2) {
      guard var rest = arc else { return nil }
      var bytes = [UInt8(rest & 0x7f)]
      while case let higher = rest >> 7, higher > 0 {
        bytes.append(UInt8(higher & 0x7f) | 0x80)
        rest = higher
      }
      contents += bytes.reversed()
    }
    return value(0x06, contents)
  }
}
