import Etcd
import Reconciliation
import Segmentation
import Text

/// A plan for the comment of a pull request: first who may do what that they could not before, and who no longer,
/// then the steps. It is cut to the length that GitHub and GitLab show.
package struct PlanMarkdown: Sendable {
  private let plan: Plan
  private let access: CompareReport
  private let cluster: String
  private let authEnabled: Bool
  private let members: ClusterMembers
  private let targets: [String]

  /// How many rows or steps are shown of each kind.
  private static let most = 80

  package init(
    _ plan: Plan, access: SegmentationComparison, cluster: String, authEnabled: Bool, members: ClusterMembers,
    targets: [String] = []
  ) {
    self.plan = plan
    self.access = CompareReport(access, before: "now", after: "after the plan")
    self.cluster = cluster
    self.authEnabled = authEnabled
    self.members = members
    self.targets = targets
  }

  package var text: String {
    var lines = ["## Bulkhead plan for \(Markdown.code(cluster))", ""]
    lines.append(
      "\(visible(members.asked)) asked; "
        + (authEnabled
          ? "authentication is on."
          : "**authentication is off: every client may do everything until it is on.**"))
    if !targets.isEmpty {
      lines.append(
        "Limited to \(targets.map(Markdown.code).joined(separator: ", ")); \(count(plan.left.count, "change")) left out."
      )
    }
    lines += table("Who may do more", .more, none: "No user may do more than before.")
    lines += table("Who may do less", .less, none: "No user may do less than before.")
    lines += steps
    lines += differences
    return lines.joined(separator: "\n")
  }

  private func table(_ title: String, _ direction: AccessChangeGroup.Direction, none: String) -> [String] {
    let rows = AccessChangeGroup.groups(access, direction).flatMap { group -> [[String]] in
      let cells =
        group.isRoot
        ? [["administrator", "everything, users and roles too", "role `root`", ""]]
        : group.changes.map { change in
          [
            change.access, change.names.map(visible).joined(separator: ", ").replacing("|", with: "\\|"),
            Markdown.code(change.range), Markdown.code(change.witness),
          ]
        }
      return cells.enumerated().map { [$0 == 0 ? group.names(Markdown.code) : ""] + $1 }
    }
    guard !rows.isEmpty else { return ["", "### \(title)", "", none] }
    return ["", "### \(title)", ""]
      + Markdown.table(["user", "access", "what", "keys", "such as"], Array(rows.prefix(Self.most)))
      + more(rows.count, "row")
  }

  private var steps: [String] {
    guard !plan.changes.isEmpty else { return ["", "### Steps", "", "Nothing to do."] }
    let removals = plan.removals.count
    return [
      "", "### Steps", "",
      "\(count(plan.changes.count, "step"))"
        + (removals > 0 ? ", \(removals) of them **remove access**:" : ", none removes access:"), "",
    ]
      + plan.changes.prefix(Self.most).enumerated().map { index, change in
        "\(index + 1). \(change.takesAway ? "**−**" : "+") \(Markdown.code(change.words))"
      } + more(plan.changes.count, "step")
  }

  private var differences: [String] {
    let left = plan.drift.filter(\.isLeft)
    guard !left.isEmpty || !plan.withheld.isEmpty else { return [] }
    return ["", "### Left as it is", ""]
      + plan.withheld.prefix(Self.most).map {
        "- not done, because it could lock out an administrator or kube-apiserver: \(Markdown.code($0.words))"
      }
      + left.prefix(Self.most).map {
        "- \($0.kind.rawValue): \(Markdown.code("\($0.subject): \($0.meaning)"))"
      }
      + more(left.count, "difference")
  }

  private func more(_ all: Int, _ noun: String) -> [String] {
    all > Self.most
      ? ["", "… and \(count(all - Self.most, noun)) more: `bulkhead plan --output json` lists all."] : []
  }
}
