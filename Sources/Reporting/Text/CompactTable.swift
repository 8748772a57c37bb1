import Text

/// Marks in a table that is as wide as the terminal: where the names of the columns do not fit, letters stand for them,
/// with a legend above; where these do not fit either, the columns follow one another in parts.
struct CompactTable: Sendable {
  struct Row: Sendable {
    let name: String
    let marks: [Table.Cell]
  }

  let columns: [String]
  /// In groups with a title each; an empty title prints none.
  let groups: [(title: String, rows: [Row])]

  /// The shortest that a name of a row is cut to.
  private static let shortest = 18

  /// - Parameter width: In characters; nil for any.
  func lines(_ style: Style, width: Int?) -> [String] {
    let names = columns.map { visible($0) }
    let longest = groups.flatMap(\.rows).map { visible($0.name).count }.max() ?? 0
    let marks = columns.indices.map { column in
      groups.flatMap(\.rows).map { $0.marks[column].text.count }.max() ?? 1
    }
    let natural = zip(names, marks).map { max($0.count, $1) }
    let whole = longest + natural.reduce(0) { $0 + $1 + 2 }
    guard let width, whole > width else {
      return table(names, natural, columns.indices, nameWidth: longest, style)
    }
    let letters = columns.indices.map(AccessMatrix.letter)
    let narrow = zip(letters, marks).map { max($0.count, $1) }
    let nameWidth = min(
      longest, max(Self.shortest, width - narrow.reduce(0) { $0 + $1 + 2 }))
    var lines = legend(letters, names, width, style)
    var rest = columns.indices
    while let first = rest.first {
      var end = first
      var used = nameWidth
      while end < rest.endIndex, used + narrow[end] + 2 <= width || end == first {
        used += narrow[end] + 2
        end += 1
      }
      if first > 0 { lines.append("") }
      lines += table(letters, narrow, first..<end, nameWidth: nameWidth, style)
      rest = end..<rest.endIndex
    }
    return lines
  }

  private func table(
    _ heads: [String], _ widths: [Int], _ shown: Range<Int>, nameWidth: Int, _ style: Style
  ) -> [String] {
    func line(_ name: String, _ cells: [Table.Cell]) -> String {
      let parts = zip(shown, cells).map { column, cell in
        let padding = column == shown.last ? 0 : widths[column] - cell.text.count
        return cell.paint(cell.text) + String(repeating: " ", count: max(0, padding))
      }
      let padded = name + String(repeating: " ", count: max(0, nameWidth - name.count))
      return ([padded] + parts).joined(separator: "  ").trimmedAtEnd
    }
    var lines = [line("", shown.map { Table.Cell(heads[$0], style.strong) })]
    for group in groups where !group.rows.isEmpty {
      if !group.title.isEmpty { lines.append(style.faint(group.title)) }
      for row in group.rows {
        lines.append(line(Self.shortened(visible(row.name), nameWidth), shown.map { row.marks[$0] }))
      }
    }
    return lines
  }

  private func legend(_ letters: [String], _ names: [String], _ width: Int, _ style: Style) -> [String] {
    var lines: [String] = []
    for (letter, name) in zip(letters, names) {
      let entry = "\(letter) \(name)"
      if let last = lines.last, last.count + entry.count + 2 <= width {
        lines[lines.count - 1] = "\(last)  \(entry)"
      } else {
        lines.append(entry)
      }
    }
    return lines
  }

  /// The beginning and the end of a long name: the end tells most keys apart.
  static func shortened(_ name: String, _ most: Int) -> String {
    guard name.count > most, most > 4 else { return name }
    let head = (most - 1) / 3
    return "\(name.prefix(head))…\(name.suffix(most - 1 - head))"
  }
}

extension String {
  fileprivate var trimmedAtEnd: String {
    String(reversed().drop { $0 == " " }.reversed())
  }
}
