import Etcd
import Reconciliation
import Segmentation
import Text

/// A plan as text and as JSON.
package struct PlanReport: TextReport, Sendable {
  private struct Step: Encodable {
    let change: String
    let etcdctl: String
    let takesAway: Bool

    init(_ change: Change) {
      self.change = change.words
      etcdctl = change.etcdctl
      takesAway = change.takesAway
    }
  }

  private let plan: Plan
  private let cluster: String
  private let authEnabled: Bool
  private let members: ClusterMembers?
  private let estimate: EstimateReport?
  private let access: CompareReport?
  private let targets: [String]

  private enum CodingKeys: String, CodingKey {
    case cluster, authEnabled, asked, changes, withheld, foreignUsers, foreignRoles, drift, estimate, access,
      targets, left
  }

  /// - Parameters:
  ///   - members: Those that were asked; nil if the report is part of another one.
  ///   - access: What each user may do more and less after the plan; nil where the report is about the steps alone.
  ///   - targets: The names that the plan is limited to.
  package init(
    _ plan: Plan, cluster: String, authEnabled: Bool, members: ClusterMembers? = nil,
    estimate: EstimateReport? = nil, access: SegmentationComparison? = nil, targets: [String] = []
  ) {
    self.access = access.map { CompareReport($0, before: "now", after: "after the plan") }
    self.targets = targets
    self.members = members
    self.plan = plan
    self.cluster = cluster
    self.authEnabled = authEnabled
    self.estimate = estimate
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(cluster, forKey: .cluster)
    try container.encode(authEnabled, forKey: .authEnabled)
    try container.encodeIfPresent(members?.asked, forKey: .asked)
    try container.encode(plan.changes.map(Step.init), forKey: .changes)
    try container.encode(plan.withheld.map(Step.init), forKey: .withheld)
    try container.encode(plan.foreignUsers, forKey: .foreignUsers)
    try container.encode(plan.foreignRoles, forKey: .foreignRoles)
    try container.encode(plan.drift.map(Difference.init), forKey: .drift)
    try container.encodeIfPresent(estimate, forKey: .estimate)
    try container.encodeIfPresent(access?.identities, forKey: .access)
    if !targets.isEmpty {
      try container.encode(targets, forKey: .targets)
      try container.encode(left.map(Step.init), forKey: .left)
    }
  }

  /// The changes that the targets leave out, in the order of their words.
  private var left: [Change] { plan.left.sorted { $0.words < $1.words } }

  package func text(_ style: Style) -> String { textOfPieces(style) }

  package func write(_ style: Style, to out: (String) -> Void) {
    let changes = plan.changes
    let missing = members?.missingInSentence ?? ""
    if changes.isEmpty, plan.needsAttention {
      out(
        style.bad(
          "\(cluster): no change is planned, but a user has more access than the file gives it, or a password: see below"
            + missing))
    } else if changes.isEmpty {
      out(style.good("\(cluster): nothing to do, etcd has the users and roles of the file") + missing)
    } else {
      let removals = plan.removals
      if !removals.isEmpty {
        let remove = removals.count == 1 ? "removes" : "remove"
        out(style.bad("\(count(removals.count, "change")) of this plan \(remove) access:"))
        for change in removals { out("  - \(visible(change.words))") }
        out("")
      }
      out(style.strong("\(cluster): \(count(changes.count, "change")), in this order") + missing)
      for (index, change) in changes.enumerated() {
        let sign = change.takesAway ? style.bad("-") : style.good("+")
        let number = "\(index + 1)"
        out(
          "\(String(repeating: " ", count: 4 - min(3, number.count)))\(number) \(sign) \(visible(change.words))"
        )
        out("       " + style.faint(visible(change.etcdctl)))
      }
    }
    if !targets.isEmpty {
      let names = targets.map { quoted($0) }.joined(separator: ", ")
      if left.isEmpty {
        out(style.faint("limited to \(names); nothing is left out"))
      } else {
        out(style.caution("limited to \(names); left out by --target:"))
        for change in left { out("  \(visible(change.words))") }
      }
    }
    for line in accessLines(style) { out(line) }
    if let estimate { out(estimate.text(style)) }
    for change in plan.withheld {
      out(
        style.caution(
          "not done, because it could lock out Bulkhead's own user or kube-apiserver: \(visible(change.words))"
        ))
    }
    for line in Difference.lines(plan.drift.map(Difference.init), style) { out(line) }
    if !authEnabled {
      out("")
      out(style.caution(Self.authIsOff))
    }
  }

  /// More lines about the access of users are only counted.
  private static let mostAccess = 20

  private func accessLines(_ style: Style) -> [String] {
    guard let access, !plan.changes.isEmpty else { return [] }
    func lines(_ direction: AccessChangeGroup.Direction) -> [String] {
      AccessChangeGroup.groups(access, direction).flatMap { group -> [String] in
        [group.names { visible($0) }]
          + (group.isRoot
            ? ["  everything, users and roles too (role root)"]
            : group.changes.map { change in
              let names = change.names.isEmpty ? "" : ": " + change.names.joined(separator: ", ")
              return visible("  \(change.access) \(change.range)\(names)")
            })
      }
    }
    func section(_ title: String, _ none: String, _ lines: [String]) -> [String] {
      guard !lines.isEmpty else { return [style.faint(none)] }
      let left = lines.count - Self.mostAccess
      return [title] + lines.prefix(Self.mostAccess).map { "  " + $0 }
        + (left > 0 ? [style.faint("  … and \(count(left, "line")) more: --output markdown has them")] : [])
    }
    return [""]
      + section(
        style.strong("after this plan these users may do more:"), "no user may do more than before",
        lines(.more))
      + section(
        style.strong("after this plan these users may do less:"), "no user may do less than before",
        lines(.less))
  }

  static let authIsOff =
    "authentication is off: until 'bulkhead apply --enable-auth' every client may do everything"
}

extension ClusterMembers {
  /// What follows a sentence about the cluster if not every member was asked: `; 2 of 3 members: etcd-3 is
  /// unreachable`. Empty if every one was.
  var missingInSentence: String { unreachable.isEmpty ? "" : visible("; \(asked)") }
}

/// `1 change`, `2 changes`, `3 identities`.
func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
  "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
}
