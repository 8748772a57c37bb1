import FoundationEssentials
import Reconciliation
import Text

/// The last changes of a cluster's users and roles.
package struct HistoryReport: TextReport, Sendable {
  struct Entry: Encodable, Sendable {
    let number: Int
    let kind: String
    let at: Date
    let by: String
    let administrator: String
    let file: String
    let fileDigest: String
    let commit: String?
    let bulkhead: String
    let ofFile: String
    let undoes: Int?
    let changes: Int
    let removals: Int
    let first: [String]
    let isComplete: Bool
    let notUndoable: String?
  }

  let cluster: String
  let history: [Entry]
  /// Numbers of changes that a later version of Bulkhead recorded.
  let notUnderstood: [Int]

  package init(_ history: History, cluster: String) {
    self.cluster = cluster
    notUnderstood = history.notUnderstood.sorted()
    self.history = history.entries.reversed().map { entry in
      Entry(
        number: entry.number, kind: entry.kind.rawValue, at: entry.by.since,
        by: "\(entry.by.user) on \(entry.by.host)", administrator: entry.administrator,
        file: entry.source.file, fileDigest: entry.fileDigest, commit: entry.source.commit,
        bulkhead: entry.bulkhead, ofFile: "\(entry.owner)", undoes: entry.undoes, changes: entry.changes,
        removals: entry.removals, first: entry.words, isComplete: entry.isComplete,
        notUndoable: entry.notUndoable)
    }
  }

  package func text(_ style: Style) -> String {
    guard !history.isEmpty else {
      return "\(visible(cluster)): no change is recorded" + later
    }
    var lines: [String] = []
    for entry in history {
      let undoes = entry.undoes.map { " of \($0)" } ?? ""
      lines.append(
        style.strong("\(entry.number)  \(entry.at.formatted(.iso8601))  \(entry.kind)\(undoes)")
          + visible(", by \(entry.by), as \(entry.administrator)"))
      let commit = entry.commit.map { ", in a work tree at commit \($0.prefix(12))" } ?? ""
      lines.append(
        visible(
          "   \(entry.ofFile): \(entry.file), SHA-256 \(entry.fileDigest.prefix(12))\(commit); Bulkhead \(entry.bulkhead)"
        ))
      let removing = entry.removals > 0 ? ", \(entry.removals) of them removing access" : ""
      lines.append("   \(count(entry.changes, "change"))\(removing)")
      if !entry.isComplete {
        lines.append("   \(style.bad("not completed")): it runs now, or was interrupted")
      }
      if let why = entry.notUndoable {
        lines.append("   \(style.caution("cannot be undone")): \(visible(why))")
      }
      lines += entry.first.prefix(3).map { "     \(visible($0))" }
      if entry.changes > 3 { lines.append("     … and \(entry.changes - 3) more") }
    }
    return lines.joined(separator: "\n") + later
  }

  private var later: String {
    notUnderstood.isEmpty
      ? "" : "\n\(count(notUnderstood.count, "change")) of a later version of Bulkhead not shown"
  }
}

/// What takes a change back, or what was made to take it back.
package struct UndoReport: TextReport, Sendable {
  struct Step: Encodable, Sendable {
    let change: String
    let takesAway: Bool
  }

  let cluster: String
  /// The number of the change.
  let undoes: Int
  let changes: [Step]
  /// What is not as before afterwards.
  let remaining: [String]
  let withheld: [String]
  let isDone: Bool
  /// Which members were asked.
  let asked: String
  private let missing: String

  private enum CodingKeys: String, CodingKey {
    case cluster, undoes, changes, remaining, withheld, isDone, asked
  }

  package init(_ undo: UndoPlan, cluster: String, isDone: Bool, asked: String, missing: Bool) {
    self.cluster = cluster
    self.isDone = isDone
    self.asked = asked
    self.missing = missing ? visible("; \(asked)") : ""
    undoes = undo.entry.number
    changes = undo.plan.changes.map { Step(change: $0.words, takesAway: $0.takesAway) }
    remaining = undo.remaining
    withheld = undo.plan.withheld.map(\.words)
  }

  package func text(_ style: Style) -> String {
    var lines: [String] = []
    if changes.isEmpty {
      lines.append(
        "\(visible(cluster)): nothing to do, users, roles and permissions are as before change \(undoes)\(missing)"
      )
    } else if isDone {
      lines.append(
        "\(visible(cluster)): \(style.good("change \(undoes) is taken back")), \(count(changes.count, "change")) made and read back\(missing)"
      )
    } else {
      lines.append(
        style.strong(
          "\(visible(cluster)): \(count(changes.count, "step")) to take back change \(undoes), in this order")
          + missing)
      lines += changes.map {
        "  \($0.takesAway ? style.bad("-") : style.good("+")) \(visible($0.change))"
      }
    }
    lines += withheld.map {
      style.caution("not done, because it could lock out an administrator or kube-apiserver: \(visible($0))")
    }
    lines += remaining.map { "\(style.caution("not as before:")) \(visible($0))" }
    return lines.joined(separator: "\n")
  }
}
