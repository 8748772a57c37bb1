import Segmentation

/// Who may read and write where, as a table for a terminal: the same value as in the report.
package struct MatrixReport: TextReport, Sendable {
  private let matrix: AccessMatrix
  private let cluster: String

  package init(_ segmentation: Segmentation) {
    matrix = AccessMatrix(segmentation)
    cluster = segmentation.cluster
  }

  /// The map of the key space, as an SVG file.
  package var map: String { KeySpaceMap(matrix).file().text }
  /// What each stolen certificate opens, before and after, as an SVG file.
  package var leaks: String { LeakPicture(matrix: matrix).file().text }

  package func encode(to encoder: any Encoder) throws { try matrix.encode(to: encoder) }

  package func text(_ style: Style) -> String {
    let shown = matrix.columns.indices.filter { !matrix.columns[$0].isRoot }
    let groups = AccessMatrix.familyNames.map { family in
      (
        title: family,
        rows: matrix.rows.indices.filter { matrix.rows[$0].family == family }.map { index in
          CompactTable.Row(
            name: matrix.rows[index].name,
            marks: shown.map { column in
              let mark = matrix.cells[index][column].mark
              return Table.Cell(mark, mark == "-" ? style.faint : style.good)
            })
        }
      )
    }
    var lines = CompactTable(columns: shown.map { matrix.columns[$0].name }, groups: groups)
      .lines(style, width: style.width)
    let roots = matrix.columns.filter(\.isRoot).map(\.name).joined(separator: ", ")
    lines += [
      "",
      style.faint("R read and watch, W write and delete; small letters: a part of these keys; - no access"),
      style.faint("with the role root, and so everything: \(roots)"),
    ]
    return lines.joined(separator: "\n")
  }
}
