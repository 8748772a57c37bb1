/// Untrusted text for a message: in quotes, on one line, at most 80 characters. Control and invisible
/// characters are escaped, so that the text cannot send escape sequences to a terminal.
package func quoted(_ text: String) -> String {
  let shown = visible(String(String.UnicodeScalarView(text.unicodeScalars.prefix(80))))
  return "'\(shown)\(text.unicodeScalars.count > 80 ? "…" : "")'"
}

/// Untrusted text for one line of output: control and invisible characters, line ends among them, are escaped, as in
/// ``quoted(_:)``.
package func visible(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: \.isInvisible) else { return text }
  var shown = ""
  for scalar in text.unicodeScalars {
    if scalar.isInvisible {
      shown += "\\u{\(String(scalar.value, radix: 16))}"
    } else {
      shown.unicodeScalars.append(scalar)
    }
  }
  return shown
}
