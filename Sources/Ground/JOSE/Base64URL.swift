/// Base64url without padding (RFC 7515, section 2). Each byte sequence has exactly one accepted encoding.
package enum Base64URL {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xff, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()

  package static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var characters: [UInt8] = []
    var bits = 0
    var value: UInt32 = 0
    for byte in bytes {
      value = value << 8 | UInt32(byte)
      bits += 8
      while bits >= 6 {
        bits -= 6
        characters.append(alphabet[Int(value >> UInt32(bits) & 0x3f)])
      }
    }
    if bits > 0 { characters.append(alphabet[Int(value << UInt32(6 - bits) & 0x3f)]) }
    return String(decoding: characters, as: UTF8.self)
  }

  /// - Returns: nil if there are other characters, such as padding or white space, if the length is impossible, or if the
  ///   unused bits of the last character are not zero.
  package static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var bits = 0
    var value: UInt32 = 0
    for character in text {
      let next = values[Int(character)]
      guard next < 64 else { return nil }
      value = value << 6 | UInt32(next)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(bits)))
      }
    }
    guard bits < 6, value & (1 << UInt32(bits) - 1) == 0 else { return nil }
    return bytes
  }
}
