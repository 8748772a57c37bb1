/// Percent-encoding (RFC 3986, section 2.1): a byte as `%XX`, in upper-case hexadecimal digits.
package enum PercentEncoding {
  /// - Parameter isPlain: Whether the byte at a position stays as it is. It is asked about ASCII only; every other
  ///   byte and `%` are encoded.
  package static func encode(
    _ text: some StringProtocol, keeping isPlain: (_ position: Int, _ byte: UInt8) -> Bool
  ) -> String {
    var encoded = ""
    for (position, byte) in text.utf8.enumerated() {
      if byte < 0x80, byte != UInt8(ascii: "%"), isPlain(position, byte) {
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        encoded += "%" + [byte].hexadecimal.uppercased()
      }
    }
    return encoded
  }

  /// The bytes as text, with each `%XX` replaced. A `%` without two hexadecimal digits stays as it is.
  package static func decode(_ bytes: some Sequence<UInt8>) -> String {
    let bytes = Array(bytes)
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let high = bytes[index + 1].hexadecimalValue, let low = bytes[index + 2].hexadecimalValue
      {
        decoded.append(high << 4 | low)
        index += 3
      } else {
        decoded.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }

  /// `A-Z a-z 0-9 - . _ ~`, which no part of a URI needs encoded (RFC 3986, section 2.3).
  package static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }
}
