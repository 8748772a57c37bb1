extension Unicode.Scalar {
  /// Whether a reader of the text would not see this character, or could be misled by it: control and format
  /// characters (bidirectional overrides, zero-width characters), separators of lines and paragraphs, and code points
  /// without an agreed glyph.
  package var isInvisible: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
    default: false
    }
  }
}
