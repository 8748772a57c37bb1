import Etcd
import Reconciliation

/// A plan as a person and as a machine reads it.
public struct PlanReport: TextReport, Sendable {
  struct Step: Encodable, Sendable {
    let change: String
    let etcdctl: String
    let takesAway: Bool
  }

  let cluster: String
  let authEnabled: Bool
  let changes: [Step]
  let withheld: [Step]
  let foreignUsers: [String]
  let foreignRoles: [String]
  let drift: [Difference]
  let estimate: EstimateReport?
  private let removals: [Change]

  private enum CodingKeys: String, CodingKey {
    case cluster, authEnabled, changes, withheld, foreignUsers, foreignRoles, drift, estimate
  }

  public init(_ plan: Plan, cluster: String, authEnabled: Bool, estimate: EstimateReport? = nil) {
    func step(_ change: Change) -> Step {
      Step(change: change.words, etcdctl: change.etcdctl, takesAway: change.takesAway)
    }
    self.cluster = cluster
    self.authEnabled = authEnabled
    self.estimate = estimate
    changes = plan.changes.map(step)
    withheld = plan.withheld.map(step)
    foreignUsers = plan.foreignUsers
    foreignRoles = plan.foreignRoles
    drift = plan.drift.map(Difference.init)
    removals = plan.removals
  }

  public func text(_ style: Style) -> String {
    var lines: [String] = []
    if changes.isEmpty {
      lines.append(style.good("\(cluster): nothing to do, etcd has the users and roles that the file wants"))
    } else {
      if !removals.isEmpty {
        lines.append(style.bad("\(count(removals.count, "change")) of this plan take something away:"))
        lines += removals.map { "  - \($0.words)" } + [""]
      }
      lines.append(style.strong("\(cluster): \(count(changes.count, "change")), in this order"))
      for (index, step) in changes.enumerated() {
        let sign = step.takesAway ? style.bad("-") : style.good("+")
        lines.append(
          "\(String(repeating: " ", count: 4 - min(3, "\(index + 1)".count)))\(index + 1) \(sign) \(step.change)"
        )
        lines.append("       " + style.faint(step.etcdctl))
      }
    }
    if let estimate { lines.append(estimate.text(style)) }
    for step in withheld {
      lines.append(style.caution("not done, because it would shut out whoever applies it: \(step.change)"))
    }
    lines += Difference.lines(drift, style)
    if !authEnabled { lines += ["", style.caution(Self.authIsOff)] }
    return lines.joined(separator: "\n")
  }

  static let authIsOff =
    "authentication is off: until 'bulkhead apply --enable-auth' every client may do everything"
}

/// `1 change`, `2 changes`, `3 identities`.
func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
  "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
}
