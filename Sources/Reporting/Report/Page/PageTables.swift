import FoundationEssentials
import Segmentation

extension FindingSeverity {
  /// A word and a sign, so that colour is not needed.
  var marked: Markup {
    switch self {
    case .error: "<span class=\"sev bad\">✕ error</span>"
    case .warning: "<span class=\"sev caution\">! warning</span>"
    case .info: "<span class=\"sev muted\">i info</span>"
    }
  }
}

extension Date {
  /// `2026-11-28 15:36 UTC`.
  var minute: String {
    let text = ISO8601Format()
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
  }
}

/// A table in a frame that scrolls sideways and can be reached with the keyboard.
struct PageTable {
  let id: String
  let caption: Markup
  let head: [Markup]
  /// The first cell of each row is its header.
  let rows: [[Markup]]
  var kind = ""

  var html: Markup {
    let header = head.map { Markup("<th scope=\"col\">\($0)</th>") }
    let body = rows.map { row -> Markup in
      let cells = row.dropFirst().map { Markup("<td>\($0)</td>") }
      return "<tr><th scope=\"row\">\(row.first ?? .empty)</th>\(cells)</tr>\n"
    }
    return """
      <div class="scroll" role="region" tabindex="0" aria-labelledby="\(id)">
      <table class="\(kind)"><caption id="\(id)">\(caption)</caption>
      <thead><tr>\(header)</tr></thead>
      <tbody>
      \(body)</tbody></table></div>

      """
  }
}

extension AccessMatrix {
  /// The table of components and resources.
  var html: Markup {
    let shown = columns.indices.filter { !columns[$0].isRoot }
    let head = shown.map { index -> Markup in
      "<th scope=\"col\"><span class=\"letter\" aria-hidden=\"true\">\(columns[index].letter)</span><br>\(columns[index].name)</th>"
    }
    var body: [Markup] = []
    for family in Self.familyNames {
      let found = rows.indices.filter { rows[$0].family == family }
      guard !found.isEmpty else { continue }
      body.append(
        "<tr class=\"family\"><th scope=\"rowgroup\" colspan=\"\(shown.count + 1)\">\(family)</th></tr>\n")
      for index in found {
        let access = self.cells[index]
        let cells = shown.map { Markup("<td>\(access[$0].html)</td>") }
        body.append(
          "<tr><th scope=\"row\">\(rows[index].name)<br><span class=\"keys muted\">\(rows[index].keys)</span></th>\(cells)</tr>\n"
        )
      }
      body.append("</tbody><tbody>")
    }
    return """
      <div class="scroll" role="region" tabindex="0" aria-labelledby="matrix-caption">
      <table class="matrix"><caption id="matrix-caption">Kinds of keys, and what each kind of identities may do with them</caption>
      <thead><tr><th scope="col">Keys</th>\(head)</tr></thead>
      <tbody>\(body)</tbody></table></div>

      """
  }
}

extension AccessMatrix.Cell {
  var html: Markup {
    guard !isEmpty else {
      return "<span class=\"none\" aria-hidden=\"true\">–</span><span class=\"sr\">no access</span>"
    }
    func mark(_ extent: AccessMatrix.Extent, _ letter: String, _ kind: String) -> Markup {
      guard extent != .none else { return .empty }
      return """
        <span class="mark \(kind)\(extent == .all ? "" : " part")" aria-hidden="true">\(extent == .all ? letter.uppercased() : letter)</span>
        """
    }
    return "\(mark(read, "r", ""))\(mark(write, "w", "w"))<span class=\"sr\">\(words)</span>"
  }
}
