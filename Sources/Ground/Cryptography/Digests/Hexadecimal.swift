extension [UInt8] {
  /// Lower-case hexadecimal digits, two for each byte.
  package var hexadecimal: String {
    String(unsafeUninitializedCapacity: 2 * count) { digits in
      for (index, byte) in self.enumerated() {
        digits[2 * index] = Self.digit(byte >> 4)
        digits[2 * index + 1] = Self.digit(byte & 15)
      }
      return 2 * count
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
  }
}
