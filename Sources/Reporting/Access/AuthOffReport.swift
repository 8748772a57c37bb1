import FoundationEssentials
import Segmentation
import Text

/// What `verify` finds where authentication is off at a member: no question is asked, because every client may do
/// everything there.
package struct AuthOffReport: CheckReport, Sendable {
  let cluster: String
  /// Always false.
  let isInForce = false
  /// Which members were asked: `3 of 3 members`.
  let asked: String
  /// The members at which authentication is off.
  let authOff: [String]
  let findings: [CheckFinding]
  /// When it was asked.
  let at: Date
  /// SHA-256 of the file of the segmentation, in hexadecimal.
  let fileSHA256: String

  package init(cluster: String, asked: String, authOff: [String], origin: ResultOrigin) {
    self.cluster = cluster
    self.asked = asked
    self.authOff = authOff
    (at, fileSHA256) = (origin.at, origin.fileSHA256)
    // What etcd does not enforce at all cannot be accepted.
    findings = authOff.map { member in
      CheckFinding(
        VerifyRules.authOff, "member \(member)", "authentication is off at \(member)", accepting: .none)
    }
  }

  package func result(file: String, counting severity: FindingSeverity) -> CheckResult {
    let others = VerifyRules.all.filter { $0.id != VerifyRules.authOff.id }
    return CheckResult(
      check: "verify", file: file, rules: VerifyRules.all, findings: findings, counting: severity,
      notAsked: Dictionary(others.map { ($0.id, "authentication is off") }) { first, _ in first })
  }

  package func text(_ style: Style) -> String {
    "\(cluster): \(style.bad("authentication is off at \(visible(authOff.joined(separator: ", ")))")): every client may do everything; \(visible(asked))"
  }
}
