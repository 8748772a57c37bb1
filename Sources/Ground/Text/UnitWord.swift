/// A word of a command line or of a list in a systemd unit.
package enum UnitWord {
  /// In double quotes if it needs them, with `%` and `$` doubled, which systemd would replace (systemd.unit(5),
  /// "Specifiers"; systemd.service(5), "Command lines").
  /// - Parameter isCommand: whether it is part of `ExecStart=`, where variables are replaced.
  package static func encode(_ text: String, isCommand: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "%": escaped += "%%"
      case "$" where isCommand: escaped += "$$"
      case "\"", "\\":
        escaped += "\\"
        escaped.unicodeScalars.append(scalar)
      case " "..."~": escaped.unicodeScalars.append(scalar)
      default: for byte in String(scalar).utf8 { escaped += "\\x" + [byte].hexadecimal }
      }
    }
    let isPlain =
      !text.isEmpty
      && text.utf8.allSatisfy { byte in
        (0x61...0x7a).contains(byte | 0x20) || (0x30...0x39).contains(byte)
          || "/._-:=%@+,".utf8.contains(byte)
      }
    return isPlain ? escaped : "\"\(escaped)\""
  }
}
