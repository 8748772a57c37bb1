/// A place in a text.
package struct Mark: Hashable, Sendable {
  /// How many characters (Unicode scalars; a CRLF is two) stand before it.
  package let index: Int
  /// From 1. libyaml ends a line at LF, CR, CRLF, U+0085, U+2028 and U+2029 (`IS_BREAK` in its `yaml_private.h`).
  package let line: Int
  /// In characters, from 1.
  package let column: Int

  package init(index: Int, line: Int, column: Int) {
    self.index = index
    self.line = line
    self.column = column
  }
}
