import Text

/// A name of any bytes as the name of a file or folder.
package enum FileName {
  /// Every byte except `A-Z a-z 0-9 . _ -` is percent-encoded, and so is a leading dot, so that the file cannot be
  /// outside its folder or hidden.
  /// - Parameter reserved: Names that other files in the folder have: their first byte is encoded too.
  package static func encode(_ name: String, reserved: Set<String> = []) -> String {
    let isReserved = reserved.contains(name)
    return PercentEncoding.encode(name) { position, byte in
      if position == 0, isReserved || byte == UInt8(ascii: ".") { return false }
      return PercentEncoding.isUnreserved(byte) && byte != UInt8(ascii: "~")
    }
  }
}
