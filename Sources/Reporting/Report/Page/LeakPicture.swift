import Text

/// What each stolen certificate opens, before and after, as one drawing that is a file of its own.
struct LeakPicture {
  let matrix: AccessMatrix

  private static let across = 4
  private static let margin = 16
  private static let padding = 14

  func file() -> Markup {
    let everything = matrix.rows.map { _ in AccessMatrix.Cell(read: .all, write: .all) }
    let shown = matrix.columns.indices.filter { !matrix.columns[$0].isRoot }
    let total = matrix.rows.count
    let before = (title: "before: one certificate for all", text: "changes every key", cells: everything)
    let after = shown.map { index in
      let cells = matrix.cells(ofColumn: index).map(\.cell)
      let writes = cells.count { $0.write != .none }
      return (
        title: matrix.columns[index].name, text: "changes \(writes) of \(total) kinds of keys", cells: cells
      )
    }
    let height = LeakMap.drawing(matrix.rows, everything).height
    let (wide, tall) = (LeakMap.width + 2 * Self.padding, height + 62)
    let entries = [before] + after
    let cards = entries.enumerated().map { position, entry -> Markup in
      let x = Self.margin + position % Self.across * (wide + Self.margin)
      let y = Self.margin + position / Self.across * (tall + Self.margin)
      return """
        <g transform="translate(\(x) \(y))"><rect class="\(position == 0 ? "before" : "card")" width="\(wide)" \
        height="\(tall)" rx="8"/>
        <text class="title" x="\(Self.padding)" y="26">\(entry.title)</text>
        <text class="small" x="\(Self.padding)" y="45">\(entry.text)</text>
        <g transform="translate(\(Self.padding) 54)">\(LeakMap.drawing(matrix.rows, entry.cells).parts)</g></g>

        """
    }
    let columns = min(entries.count, Self.across)
    let lines = (entries.count + Self.across - 1) / Self.across
    let width = Self.margin + columns * (wide + Self.margin)
    let bottom = Self.margin + lines * (tall + Self.margin)
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(bottom + 26)" role="img" aria-labelledby="leak-name leak-words">
      <title id="leak-name">What a stolen certificate opens in etcd, before and after</title>
      <desc id="leak-words">Before, it changes every key. After: \(after.map { "\($0.title) \($0.text)" }.joined(separator: "; ")).</desc>
      <style>\(Markup(markup: PageStyle.drawing))</style>
      <rect class="ground" width="\(width)" height="\(bottom + 26)"/>
      \(cards)<text class="small" x="\(Self.margin)" y="\(bottom + 8)">each square is a kind of keys; filled: can change · \
      outlined: can only read · round: a part of them · faint: no access</text>
      </svg>

      """
  }
}
