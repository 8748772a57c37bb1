import Text

/// Columns of text, each as wide as its widest cell.
package struct Table: Sendable {
  /// A cell: its text, and its highlighting, which is applied after the widths are known.
  package struct Cell: Sendable, ExpressibleByStringLiteral {
    package let text: String
    package let paint: @Sendable (String) -> String

    package init(_ text: String, _ paint: @escaping @Sendable (String) -> String = { $0 }) {
      self.text = visible(text)
      self.paint = paint
    }

    package init(stringLiteral text: String) { self.init(text) }
  }

  private let rows: [[Cell]]
  private let indent: String

  package init(_ rows: [[Cell]], indent: Int = 2) {
    self.rows = rows
    self.indent = String(repeating: " ", count: indent)
  }

  package var lines: [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { $0.count > column ? $0[column].text.count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        // The last column has no padding.
        let padding = column == row.count - 1 ? 0 : widths[column] - cell.text.count
        return cell.paint(cell.text) + String(repeating: " ", count: padding)
      }
      return indent + cells.joined(separator: "  ")
    }
  }
}
