import Text

/// An etcd key: a non-empty sequence of bytes. Keys are ordered byte by byte, as in etcd.
package struct Key: Hashable, Sendable {
  package let bytes: [UInt8]

  package init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }
  package init(_ text: String) { self.bytes = Array(text.utf8) }

  /// The smallest key greater than this one: no key is between `k` and `k\x00`.
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
  /// Printable ASCII unchanged; every other byte, the space and the backslash as `\xNN`. ``init(escaped:)``
  /// is the inverse.
  package var description: String {
    ShellWord.escaped(bytes)
  }

  /// Parses ``description``; plain text gives its UTF-8 bytes.
  /// - Returns: nil if a backslash is not followed by `xNN`.
  package init?(escaped text: String) {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      guard rest.popFirst() == UInt8(ascii: "x"), let high = rest.popFirst()?.hexadecimalValue,
        let low = rest.popFirst()?.hexadecimalValue
      else { return nil }
      bytes.append(high << 4 | low)
    }
    self.init(bytes)
  }
}
