import Etcd
import Reconciliation

/// The result if nothing has changed, known without reading users and roles.
package struct UnchangedReport: TextReport, Sendable {
  let cluster: String
  let authEnabled: Bool
  /// Which members were asked: `3 of 3 members`.
  let asked: String
  let unchanged = true
  let changes: [String] = []
  let authRevision: Int64?
  /// How many differences the last apply left unchanged.
  let leftAlone: Int

  private let missing: String

  private enum CodingKeys: String, CodingKey {
    case cluster, authEnabled, asked, unchanged, changes, authRevision, leftAlone
  }

  package init(_ applied: Record.Applied, cluster: String, authEnabled: Bool, members: ClusterMembers) {
    asked = members.asked
    missing = members.missingInSentence
    self.cluster = cluster
    self.authEnabled = authEnabled
    authRevision = applied.authRevision
    leftAlone = applied.leftAlone
  }

  package func text(_ style: Style) -> String {
    var lines = [
      style.good("\(cluster): nothing to do, neither the file nor etcd has changed since it was applied")
        + missing
    ]
    if leftAlone > 0 {
      lines.append("\(count(leftAlone, "difference")) left alone then: --full lists them")
    }
    if !authEnabled { lines.append(style.caution(PlanReport.authIsOff)) }
    return lines.joined(separator: "\n")
  }
}
