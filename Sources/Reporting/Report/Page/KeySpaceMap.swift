import Text

/// The key space as a drawing: a cell for each kind of keys, and in it a mark for each kind of identities that may use
/// them. Filled marks write, outlined ones read; square ones all of the keys, rounded ones a part.
struct KeySpaceMap {
  private let matrix: AccessMatrix
  private let counts: [String: Int]?

  private static let across = 5
  private static let width = 1_200
  private static let margin = 16
  private static let gap = 8
  private static let chip = (width: 24, height: 19)

  init(_ matrix: AccessMatrix, counts: [String: Int]? = nil) {
    self.matrix = matrix
    self.counts = counts
  }

  private var cellWidth: Int {
    (Self.width - 2 * Self.margin - (Self.across - 1) * Self.gap) / Self.across
  }
  private var chipsAcross: Int { (cellWidth - 16) / (Self.chip.width + 4) }

  /// The drawing for a page whose style sheet has its classes.
  func svg() -> Markup {
    let (parts, height) = drawing()
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.width) \(height)" role="img" aria-labelledby="map-name map-words">
      <title id="map-name">Who may read and write where in etcd</title>
      <desc id="map-words">\(description)</desc>
      \(parts)</svg>
      """
  }

  /// The drawing as a file of its own, with what the letters mean.
  func file() -> Markup {
    let (parts, height) = drawing()
    let columns = matrix.columns.filter { !$0.isRoot }
    let letters = columns.map { "\($0.letter) \($0.name)" }.joined(separator: " · ")
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.width) \(height + 56)" role="img" aria-labelledby="map-name map-words">
      <title id="map-name">Who may read and write where in etcd</title>
      <desc id="map-words">A cell for each of \(matrix.rows.count) kinds of keys, with a letter for each kind of identities \
      that may use them.</desc>
      <style>\(Markup(markup: PageStyle.drawing))</style>
      <rect class="ground" width="\(Self.width)" height="\(height + 56)"/>
      \(parts)
      <text class="small" x="\(Self.margin)" y="\(height + 14)">\(letters)</text>
      <text class="small" x="\(Self.margin)" y="\(height + 38)">filled: may change · outlined: may only read · square: all of \
      these keys · rounded: a part</text>
      </svg>

      """
  }

  /// - Returns: The cells, and the height of the drawing.
  private func drawing() -> (parts: [Markup], height: Int) {
    var y = 10
    var parts: [Markup] = []
    for family in AccessMatrix.familyNames {
      let rows = matrix.rows.indices.filter { matrix.rows[$0].family == family }
      guard !rows.isEmpty else { continue }
      parts.append("<text class=\"m-family\" x=\"\(Self.margin)\" y=\"\(y + 18)\">\(family)</text>\n")
      y += 30
      for line in stride(from: 0, to: rows.count, by: Self.across) {
        let row = rows[line..<min(line + Self.across, rows.count)]
        let height = row.map { self.height(marks(ofRow: $0).count) }.max() ?? 0
        for (column, index) in row.enumerated() {
          parts.append(cell(index, x: Self.margin + column * (cellWidth + Self.gap), y: y, height: height))
        }
        y += height + Self.gap
      }
      y += 12
    }
    return (parts, y)
  }

  private var description: String {
    "A cell for each of \(matrix.rows.count) kinds of keys, with a letter for each kind of identities that may use "
      + "them. The table 'Components and resources' has the same as text."
  }

  /// The columns that may use a row, without those with the role root.
  private func marks(ofRow index: Int) -> [(column: AccessMatrix.Column, cell: AccessMatrix.Cell)] {
    zip(matrix.columns, matrix.cells[index]).filter { !$0.isRoot && !$1.isEmpty }
  }

  private func height(_ marks: Int) -> Int {
    let lines = max(1, (min(marks, 3 * chipsAcross) + chipsAcross - 1) / chipsAcross)
    return 32 + lines * (Self.chip.height + 5) + 4
  }

  private func cell(_ index: Int, x: Int, y: Int, height: Int) -> Markup {
    let row = matrix.rows[index]
    let marks = marks(ofRow: index)
    let words = marks.map { "\($0.column.name): \($0.cell.words)" }.joined(separator: "; ")
    let letters = marks.map(\.column.letter).joined(separator: " ")
    let shown = marks.prefix(3 * chipsAcross - (marks.count > 3 * chipsAcross ? 1 : 0))
    let chips = shown.enumerated().map { position, mark in
      chip(
        mark.column, mark.cell, x: x + 8 + position % chipsAcross * (Self.chip.width + 4),
        y: y + 32 + position / chipsAcross * (Self.chip.height + 5))
    }
    let rest = marks.count - shown.count
    let more: Markup =
      rest == 0
      ? .empty
      : "<text class=\"m-none\" x=\"\(x + cellWidth - 30)\" y=\"\(y + height - 12)\">+\(rest)</text>"
    let none: Markup =
      marks.isEmpty
      ? "<text class=\"m-none\" x=\"\(x + 9)\" y=\"\(y + 47)\">only administrators</text>" : .empty
    let count: Markup =
      counts.map { counts in
        "<text class=\"m-count\" x=\"\(x + cellWidth - 8)\" y=\"\(y + 19)\" text-anchor=\"end\">\(counts[row.name] ?? 0)</text>"
      } ?? .empty
    return """
      <g data-columns="\(letters)"><title>\(row.name), \(row.keys): \(words.isEmpty ? "only administrators" : words)</title>
      <rect class="\(marks.isEmpty ? "m-closed" : "m-cell")" x="\(x)" y="\(y)" width="\(cellWidth)" height="\(height)" rx="5"/>
      <text class="m-name" x="\(x + 9)" y="\(y + 20)">\(Self.shortened(row.name, counts == nil ? 29 : 24))</text>\(count)
      \(chips)\(more)\(none)</g>

      """
  }

  private func chip(_ column: AccessMatrix.Column, _ cell: AccessMatrix.Cell, x: Int, y: Int) -> Markup {
    let writes = cell.write != .none
    let isWhole = writes ? cell.write == .all : cell.read == .all
    return """
      <g data-column="\(column.letter)"><rect class="\(writes ? "m-write" : "m-read")" x="\(x)" y="\(y)" \
      width="\(Self.chip.width)" height="\(Self.chip.height)" rx="\(isWhole ? 1 : 9)"/>\
      <text class="\(writes ? "m-on" : "m-off")" x="\(x + Self.chip.width / 2)" y="\(y + 14)">\(column.letter)</text></g>
      """
  }

  /// The beginning and the end of a long name.
  static func shortened(_ name: String, _ most: Int) -> String {
    guard name.count > most else { return name }
    return "\(name.prefix(most * 3 / 5))…\(name.suffix(most - 1 - most * 3 / 5))"
  }
}

/// What one stolen certificate opens, as a small drawing of the whole key space: a square for each kind of keys.
enum LeakMap {
  private static let across = 12
  private static let step = 25
  private static let size = 19

  /// - Parameters:
  ///   - rows: The kinds of keys, by family.
  ///   - cells: In the order of the rows.
  static func svg(_ rows: [AccessMatrix.Row], _ cells: [AccessMatrix.Cell], label: String) -> Markup {
    let (parts, height) = drawing(rows, cells)
    return """
      <svg viewBox="0 0 \(across * step) \(height)" role="img" aria-label="\(label)">\(parts)</svg>
      """
  }

  static let width = across * step

  /// - Returns: The squares, and the height of the drawing.
  static func drawing(
    _ rows: [AccessMatrix.Row], _ cells: [AccessMatrix.Cell]
  ) -> (parts: [Markup], height: Int) {
    var y = 0
    var parts: [Markup] = []
    for family in AccessMatrix.familyNames {
      let found = rows.indices.filter { rows[$0].family == family }
      guard !found.isEmpty else { continue }
      parts.append("<text class=\"s-family\" x=\"1\" y=\"\(y + 13)\">\(family)</text>")
      y += 19
      for (position, index) in found.enumerated() {
        parts.append(
          square(
            cells[index], x: position % across * step + 1, y: y + position / across * step, rows[index].name))
      }
      y += (found.count + across - 1) / across * step + 3
    }
    return (parts, y)
  }

  /// One square, for the legend.
  static func sample(_ cell: AccessMatrix.Cell) -> Markup {
    "<svg class=\"sample\" viewBox=\"0 0 21 21\" aria-hidden=\"true\">\(square(cell, x: 1, y: 1, nil))</svg>"
  }

  private static func square(_ cell: AccessMatrix.Cell, x: Int, y: Int, _ name: String?) -> Markup {
    let title: Markup = name.map { "<title>\($0): \(cell.words)</title>" } ?? .empty
    func shape(_ kind: String, isWhole: Bool) -> Markup {
      let inset = isWhole ? 0 : 5
      return """
        <rect class="\(kind)" x="\(x + inset)" y="\(y + inset)" width="\(size - 2 * inset)" \
        height="\(size - 2 * inset)" rx="\(isWhole ? 1 : 5)"/>
        """
    }
    var shapes: [Markup] = []
    if cell.isEmpty { shapes.append(shape("s-none", isWhole: true)) }
    if cell.read != .none, cell.write != .all { shapes.append(shape("s-read", isWhole: cell.read == .all)) }
    if cell.write != .none { shapes.append(shape("s-write", isWhole: cell.write == .all)) }
    return "<g>\(title)\(shapes)</g>"
  }
}
