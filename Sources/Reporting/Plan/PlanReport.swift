import Etcd
import Reconciliation

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
  private let estimate: EstimateReport?

  private enum CodingKeys: String, CodingKey {
    case cluster, authEnabled, changes, withheld, foreignUsers, foreignRoles, drift, estimate
  }

  package init(_ plan: Plan, cluster: String, authEnabled: Bool, estimate: EstimateReport? = nil) {
    self.plan = plan
    self.cluster = cluster
    self.authEnabled = authEnabled
    self.estimate = estimate
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(cluster, forKey: .cluster)
    try container.encode(authEnabled, forKey: .authEnabled)
    try container.encode(plan.changes.map(Step.init), forKey: .changes)
    try container.encode(plan.withheld.map(Step.init), forKey: .withheld)
    try container.encode(plan.foreignUsers, forKey: .foreignUsers)
    try container.encode(plan.foreignRoles, forKey: .foreignRoles)
    try container.encode(plan.drift.map(Difference.init), forKey: .drift)
    try container.encodeIfPresent(estimate, forKey: .estimate)
  }

  package func text(_ style: Style) -> String { textOfPieces(style) }

  package func write(_ style: Style, to out: (String) -> Void) {
    let changes = plan.changes
    if changes.isEmpty, plan.needsAttention {
      out(
        style.bad(
          "\(cluster): no change is planned, but a client can act as an administrator or with a password:"))
    } else if changes.isEmpty {
      out(style.good("\(cluster): nothing to do, etcd has the users and roles of the file"))
    } else {
      let removals = plan.removals
      if !removals.isEmpty {
        out(style.bad("\(count(removals.count, "change")) of this plan remove access:"))
        for change in removals { out("  - \(change.words)") }
        out("")
      }
      out(style.strong("\(cluster): \(count(changes.count, "change")), in this order"))
      for (index, change) in changes.enumerated() {
        let sign = change.takesAway ? style.bad("-") : style.good("+")
        let number = "\(index + 1)"
        out("\(String(repeating: " ", count: 4 - min(3, number.count)))\(number) \(sign) \(change.words)")
        out("       " + style.faint(change.etcdctl))
      }
    }
    if let estimate { out(estimate.text(style)) }
    for change in plan.withheld {
      out(
        style.caution(
          "not done, because it could lock out Bulkhead's own user or kube-apiserver: \(change.words)"))
    }
    for line in Difference.lines(plan.drift.map(Difference.init), style) { out(line) }
    if !authEnabled {
      out("")
      out(style.caution(Self.authIsOff))
    }
  }

  static let authIsOff =
    "authentication is off: until 'bulkhead apply --enable-auth' every client may do everything"
}

/// `1 change`, `2 changes`, `3 identities`.
func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
  "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
}
