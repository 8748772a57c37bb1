/// A result that people read as text and machines as JSON.
package protocol TextReport: Encodable {
  func text(_ style: Style) -> String
  /// Hands out the text piece by piece, each without the newline at its end: what is long need not be held as a whole.
  func write(_ style: Style, to out: (String) -> Void)
}

extension TextReport {
  package func write(_ style: Style, to out: (String) -> Void) { out(text(style)) }

  /// The text of a report that hands out pieces.
  func textOfPieces(_ style: Style) -> String {
    var pieces: [String] = []
    write(style) { pieces.append($0) }
    return pieces.joined(separator: "\n")
  }
}
