/// How text is highlighted on a terminal; plain everywhere else.
package struct Style: Sendable {
  package let isColoured: Bool
  /// The width of the terminal in characters; nil for a file or a pipe.
  package let width: Int?

  package static let plain = Style(isColoured: false)

  package init(isColoured: Bool, width: Int? = nil) {
    self.isColoured = isColoured
    self.width = width
  }

  package func good(_ text: String) -> String { code("32", text) }
  package func bad(_ text: String) -> String { code("1;31", text) }
  package func caution(_ text: String) -> String { code("33", text) }
  package func faint(_ text: String) -> String { code("2", text) }
  package func strong(_ text: String) -> String { code("1", text) }

  private func code(_ code: String, _ text: String) -> String {
    isColoured && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
  }
}
