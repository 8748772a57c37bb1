/// Text for a terminal, of which parts may come from others, such as the names of users in etcd.
package enum TerminalText {
  /// The codes of Select Graphic Rendition (ECMA-48, section 8.3.117) that may pass: reset, bold, faint, and the
  /// colours that Bulkhead uses. Conceal, for one, may not.
  private static let renditions: Set<String> = ["0", "1", "2", "1;31", "31", "32", "33"]

  /// Escapes control characters and invisible ones, so that no name can move the cursor, set the title, reverse
  /// the direction of the text or hide a part of it. Line ends, tabs and Bulkhead's own colours stay.
  package static func safe(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    var result = ""
    var rest = text.unicodeScalars[...]
    while let scalar = rest.first {
      if let length = renditionLength(rest) {
        result.unicodeScalars.append(contentsOf: rest.prefix(length))
        rest = rest.dropFirst(length)
        continue
      }
      if isUnsafe(scalar) {
        result += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        result.unicodeScalars.append(scalar)
      }
      rest = rest.dropFirst()
    }
    return result
  }

  /// The same in JSON, where these characters occur in strings only: as `\uXXXX`.
  package static func safe(json text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      guard isUnsafe(scalar) else {
        result.unicodeScalars.append(scalar)
        continue
      }
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return result
  }

  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isInvisible && scalar != "\n" && scalar != "\t"
  }

  /// The length of a permitted code at the start; nil without one.
  private static func renditionLength(_ text: Substring.UnicodeScalarView) -> Int? {
    guard text.first == "\u{1b}", text.dropFirst().first == "[" else { return nil }
    let digits = text.dropFirst(2).prefix { ("0"..."9").contains($0) || $0 == ";" }
    guard digits.count <= 4, text.dropFirst(2 + digits.count).first == "m",
      renditions.contains(String(Substring(digits)))
    else { return nil }
    return 3 + digits.count
  }
}
