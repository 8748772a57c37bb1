extension Unicode.Scalar {
  /// Whether a reader of the text would not see this character, or could be misled by it: control and format
  /// characters (bidirectional overrides, zero-width characters), separators of lines and paragraphs, code points
  /// without an agreed glyph, what Unicode lets programs ignore (variation selectors, Hangul fillers), and the blank
  /// Braille pattern.
  package var isInvisible: Bool {
    if value == 0x2800 || properties.isDefaultIgnorableCodePoint { return true }
    return switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
    default: false
    }
  }
}
