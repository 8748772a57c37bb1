extension String {
  /// This text as a YAML scalar in double quotes, in printable ASCII on one line (YAML 1.2.2, 7.3.1): every other
  /// character is written as `\UXXXXXXXX`.
  package var asDoubleQuotedYAML: String {
    let escaped = unicodeScalars.map { scalar -> String in
      switch scalar {
      case "\"", "\\": return "\\\(scalar)"
      case " "..."~": return String(scalar)
      default:
        let digits = String(scalar.value, radix: 16)
        return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      }
    }
    return "\"\(escaped.joined())\""
  }
}
