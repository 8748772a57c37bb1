/// Untrusted text for a message: in quotes, on one line, at most 80 characters. Control and invisible
/// characters are escaped, so that the text cannot send escape sequences to a terminal.
package func quoted(_ text: String) -> String {
  var shown = ""
  for scalar in text.unicodeScalars.prefix(80) {
    if scalar.isInvisible {
      shown += "\\u{\(String(scalar.value, radix: 16))}"
    } else {
      shown.unicodeScalars.append(scalar)
    }
  }
  return "'\(shown)\(text.unicodeScalars.count > 80 ? "…" : "")'"
}
