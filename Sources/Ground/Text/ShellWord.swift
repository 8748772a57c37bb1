/// Quotes words of a command line.
package enum ShellWord {
  /// One word for any POSIX shell, in single quotes (POSIX.1-2017, Shell Command Language, 2.2.2). The text must not
  /// contain a zero byte, which no shell can pass on.
  package static func posix(_ text: String) -> String { "'\(replaceQuotes(in: text, by: "'\\''"))'" }

  /// One word for bash: unchanged if that is safe, else in single quotes, and in `$'…'` with each byte outside
  /// printable ASCII as `\xNN` if it has any. The word must not contain a zero byte.
  package static func bash(_ bytes: [UInt8]) -> String {
    if !bytes.isEmpty, bytes.allSatisfy(isPlain) { return String(decoding: bytes, as: UTF8.self) }
    if bytes.allSatisfy({ (0x20..<0x7f).contains($0) }) {
      return posix(String(decoding: bytes, as: UTF8.self))
    }
    return "$'\(replaceQuotes(in: escaped(bytes), by: "\\'"))'"
  }

  /// Printable ASCII unchanged; every other byte, the space and the backslash as `\xNN`.
  package static func escaped(_ bytes: [UInt8]) -> String {
    var text = ""
    for byte in bytes {
      if byte > 0x20, byte < 0x7f, byte != UInt8(ascii: "\\") {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += "\\x" + [byte].hexadecimal
      }
    }
    return text
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "/._-:@=+".utf8.contains(byte)
    }
  }

  private static func replaceQuotes(in text: String, by quote: String) -> String {
    text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: quote)
  }
}
