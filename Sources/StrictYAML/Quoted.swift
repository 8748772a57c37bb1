/// A text from outside as a message shows it: in quotes, in one line, and not longer than a message should be. Control
/// characters are escaped, so that no file can write to the terminal of whoever checks it.
package func quoted(_ text: String) -> String {
  var shown = ""
  for scalar in text.unicodeScalars.prefix(80) {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
      shown += "\\u{\(String(scalar.value, radix: 16))}"
    default: shown.unicodeScalars.append(scalar)
    }
  }
  return "'\(shown)\(text.unicodeScalars.count > 80 ? "…" : "")'"
}
