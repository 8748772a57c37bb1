/// A result with a text for people and JSON for programs.
package protocol TextReport: Encodable {
  /// The text for people.
  func text(_ style: Style) -> String
  /// Passes the text to `out` in pieces, each without its final newline, so that a long text is never in
  /// memory as a whole.
  func write(_ style: Style, to out: (String) -> Void)
}

extension TextReport {
  package func write(_ style: Style, to out: (String) -> Void) { out(text(style)) }

  /// The text of a report that is written in pieces.
  package func textOfPieces(_ style: Style) -> String {
    var pieces: [String] = []
    write(style) { pieces.append($0) }
    return pieces.joined(separator: "\n")
  }
}
