import Etcd
import Keyspace
import Segmentation
import Verification

/// Ranges in rows and identities in columns: each cell shows what the live cluster allows, from the answers
/// of all members.
struct Matrix: Encodable, Sendable {
  struct Cell: Encodable, Sendable {
    /// `rw`, `r`, `w` or `-`; `r` if the range may be read and watched. `?` if a member did not answer, empty if
    /// the identity was not asked for the range.
    let access: String
    let isAsExpected: Bool
  }
  struct Row: Encodable, Sendable {
    let range: String
    let cells: [Cell]
  }

  let identities: [String]
  let rows: [Row]

  /// Which members were asked, for the legend.
  private let asked: String

  private enum CodingKeys: String, CodingKey { case identities, rows }

  init(_ results: [ProbeResult], segmentation: Segmentation, asked: String) {
    self.asked = asked
    let probed = Set(results.map(\.probe.user))
    let identities = segmentation.identities.map(\.user).filter(probed.contains)
    self.identities = identities
    var answers: [String: [KeyRange?: [ProbeResult]]] = [:]
    for result in results {
      answers[result.probe.user, default: [:]][result.probe.question.range, default: []].append(result)
    }

    func row(_ name: String, _ range: KeyRange?) -> Row {
      Row(range: name, cells: identities.map { Cell(answers[$0]?[range] ?? []) })
    }
    // All keys next to granted ranges are summed up in one row, which would otherwise be most of the matrix.
    let neighbours = Row(
      range: "keys next to what is granted",
      cells: identities.map { user in
        Cell(tally: results.filter { $0.probe.user == user && $0.probe.reason == .neighbour })
      })
    let granted = Set(results.filter { $0.probe.reason == .granted }.compactMap(\.probe.question.range))
    rows =
      ProbePlan.ranges(of: segmentation).filter(granted.contains).map { row($0.description, $0) }
      + [
        neighbours, row("\(segmentation.kubernetes) (Kubernetes)", segmentation.kubernetes),
        row("every key", .everything),
      ]
      + [row("users and roles", nil)]
  }

  /// More columns than this are no help to a reader.
  private static let mostColumns = 40

  func lines(_ style: Style) -> [String] {
    guard identities.count <= Self.mostColumns else {
      return [style.faint("the table of \(identities.count) identities is in --output json")]
    }
    let table = CompactTable(
      columns: identities,
      groups: [
        (
          "",
          rows.map { row in
            CompactTable.Row(
              name: row.range,
              marks: row.cells.map { cell in
                let paint: @Sendable (String) -> String = { text in
                  cell.isAsExpected ? (text == "-" ? style.faint(text) : style.good(text)) : style.bad(text)
                }
                return Table.Cell(cell.isAsExpected ? cell.access : "\(cell.access) !", paint)
              })
          }
        )
      ])
    return table.lines(style, width: style.width) + [
      style.faint("r read and watch, w write, - refused, empty not asked, ! not as expected; asked: \(asked)")
    ]
  }
}

extension Matrix.Cell {
  fileprivate init(_ results: [ProbeResult]) {
    isAsExpected = results.allSatisfy { $0.verdict == .asExpected }
    func allowed(_ kind: (Probe.Question) -> Bool) -> Bool {
      let asked = results.filter { kind($0.probe.question) }
      return asked.contains { $0.answer == .allowed || $0.second == .allowed }
    }
    guard !results.isEmpty else {
      access = ""
      return
    }
    let hasNoAnswer = results.contains { $0.verdict == .inconclusive }
    let reads = allowed { if case .write = $0 { false } else { true } }
    let writes = allowed { if case .write = $0 { true } else { false } }
    access = hasNoAnswer ? "?" : (reads ? "r" : "") + (writes ? "w" : "") + (reads || writes ? "" : "-")
  }

  /// Counts how many of several probes were answered as expected.
  fileprivate init(tally results: [ProbeResult]) {
    let good = results.filter { $0.verdict == .asExpected }.count
    isAsExpected = good == results.count
    access = isAsExpected ? "-" : "\(results.count - good) of \(results.count)"
  }
}
