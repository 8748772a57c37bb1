/// A key of etcd: any bytes but none at all. Keys are ordered as etcd orders them, byte by byte.
package struct Key: Hashable, Sendable {
  package let bytes: [UInt8]

  package init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }
  package init(_ text: String) { self.bytes = Array(text.utf8) }

  /// The least key that is greater than this one: there is no key between `k` and `k\x00`.
  package var next: Key { Key(bytes + [0]) }

  package func hasPrefix(_ prefix: Key) -> Bool { bytes.starts(with: prefix.bytes) }

  package static func + (left: Key, right: Key) -> Key { Key(left.bytes + right.bytes) }
}

extension Key: Comparable {
  package static func < (left: Key, right: Key) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}

extension Key: ExpressibleByStringLiteral {
  package init(stringLiteral text: String) { self.init(text) }
}

extension Key: CustomStringConvertible {
  /// The key as a person reads it: printable ASCII as it is, every other byte (and the backslash) as `\xNN`.
  /// ``init(escaped:)`` reads it back.
  package var description: String {
    var text = ""
    for byte in bytes {
      if byte > 0x20, byte < 0x7f, byte != UInt8(ascii: "\\") {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let digits = String(byte, radix: 16)
        text += "\\x" + (digits.count == 1 ? "0" : "") + digits
      }
    }
    return text
  }

  /// Reads ``description`` back, and plain text as its UTF-8 bytes.
  /// - Returns: nil if a backslash is not followed by `xNN`.
  package init?(escaped text: String) {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      guard rest.popFirst() == UInt8(ascii: "x"), let high = Key.digit(rest.popFirst()),
        let low = Key.digit(rest.popFirst())
      else { return nil }
      bytes.append(high << 4 | low)
    }
    self.init(bytes)
  }

  private static func digit(_ byte: UInt8?) -> UInt8? {
    byte.flatMap { Character(Unicode.Scalar($0)).hexDigitValue }.map(UInt8.init)
  }
}
