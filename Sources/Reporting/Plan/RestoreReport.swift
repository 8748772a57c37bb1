import FoundationEssentials
import Reconciliation
import Segmentation
import Text

/// What brings an export back, or what was made to bring it back.
package struct RestoreReport: TextReport, Sendable {
  struct Step: Encodable, Sendable {
    let change: String
    let takesAway: Bool
  }

  struct Revived: Encodable, Sendable {
    let user: String
    let powers: String
  }

  let cluster: String
  let exportedAt: Date
  /// Users that the export does not have.
  let revived: [Revived]
  /// What users of the export may do more and less afterwards.
  let access: [CompareReport.Entry]
  let changes: [Step]
  let withheld: [String]
  let remaining: [String]
  let isDone: Bool
  let asked: String
  private let missing: String

  private enum CodingKeys: CodingKey {
    case cluster, exportedAt, revived, access, changes, withheld, remaining, isDone, asked
  }

  package init(
    _ restore: RestorePlan, _ export: AuthExport, isDone: Bool, asked: String, missing: Bool
  ) {
    cluster = export.cluster
    exportedAt = export.madeAt
    revived = restore.revived.map { Revived(user: $0.user, powers: $0.powers) }
    let names = Set(revived.map(\.user))
    access = CompareReport(restore.access, before: "now", after: "the export").identities
      .filter { !names.contains($0.identity) }
    changes = restore.plan.changes.map { Step(change: $0.words, takesAway: $0.takesAway) }
    withheld = restore.plan.withheld.map(\.words)
    remaining = restore.remaining
    self.isDone = isDone
    self.asked = asked
    self.missing = missing ? visible("; \(asked)") : ""
  }

  package func text(_ style: Style) -> String {
    var lines: [String] = []
    let time = exportedAt.formatted(.iso8601)
    if !revived.isEmpty {
      lines.append(style.bad("\(count(revived.count, "user")) that the export of \(time) does not have:"))
      lines += revived.map { "  \(visible($0.user)): \(visible($0.powers))" }
      lines.append("")
    }
    let beyond = access.filter { !$0.lost.isEmpty || $0.losesRoot }
    if !beyond.isEmpty {
      lines.append(style.bad("\(count(beyond.count, "user")) with more access than in the export:"))
      for entry in beyond {
        let first =
          entry.losesRoot ? "the role root" : entry.lost.first.map { "\($0.access) \($0.range)" } ?? ""
        let more = entry.lost.count > 1 && !entry.losesRoot ? ", and \(entry.lost.count - 1) more" : ""
        lines.append("  \(visible("\(entry.identity): \(first)\(more)"))")
      }
      lines.append("")
    }
    if changes.isEmpty {
      lines.append(
        style.good("\(visible(cluster)): nothing to do, users and roles are those of the export of \(time)")
          + missing)
    } else if isDone {
      lines.append(
        "\(visible(cluster)): \(style.good("users and roles are those of the export of \(time)")), \(count(changes.count, "change")) made and read back\(missing)"
      )
    } else {
      lines.append(
        style.strong(
          "\(visible(cluster)): \(count(changes.count, "change")) bring back the export of \(time), in this order"
        ) + missing)
      lines += changes.map { "  \($0.takesAway ? style.bad("-") : style.good("+")) \(visible($0.change))" }
    }
    lines += withheld.map {
      style.caution("not done, because it could lock out an administrator or kube-apiserver: \(visible($0))")
    }
    lines += remaining.map { "\(style.caution("not as in the export:")) \(visible($0))" }
    return lines.joined(separator: "\n")
  }
}
