import FoundationEssentials
import Reconciliation
import Segmentation
import Text
import Verification

/// Whether authentication can be turned on and what it does not protect, as text and for machines.
package struct PreflightReport: CheckReport {
  let cluster: String
  /// Whether no error is among the findings that are not accepted.
  package let isSafe: Bool
  let authEnabled: Bool
  /// Which members were asked: `3 of 3 members`.
  let asked: String
  let findings: [CheckFinding]
  /// Pods that use the shared Secret; nil if no list of pods was given.
  let pods: [String]?
  /// When the answers were complete.
  let at: Date
  /// SHA-256 of the file of the segmentation, in hexadecimal.
  let fileSHA256: String

  /// - Parameters:
  ///   - origin: When it was asked, and for which file.
  package init(
    _ preflight: Preflight, cluster: String, pods: PodsWithSecret?, origin: ResultOrigin,
    accepting acceptances: Acceptances = .none
  ) {
    (at, fileSHA256) = (origin.at, origin.fileSHA256)
    self.cluster = cluster
    authEnabled = preflight.authEnabled
    asked = preflight.asked
    findings = preflight.findings.map { finding in
      CheckFinding(
        CheckRule(finding.rule), finding.subject, finding.message, severity: finding.severity,
        cure: finding.cure, advisory: finding.advisory?.id, aliases: finding.advisory?.aliases ?? [],
        accepting: acceptances)
    }
    isSafe = !findings.contains { !$0.isAccepted && $0.severity == .error }
    self.pods = pods?.pods
  }

  /// Whether a finding that is not accepted has at least this severity.
  package func holds(_ severity: FindingSeverity) -> Bool {
    findings.contains { !$0.isAccepted && $0.severity >= severity }
  }

  package func result(file: String, counting severity: FindingSeverity) -> CheckResult {
    CheckResult(
      check: "preflight", file: file, rules: PreflightRule.all.map { CheckRule($0) }, findings: findings,
      counting: severity)
  }

  package func text(_ style: Style) -> String {
    var lines: [String] = []
    var shown: [String: Int] = [:]
    for finding in findings {
      shown[finding.id, default: 0] += 1
      guard shown[finding.id, default: 0] <= 20 else { continue }
      lines += self.lines(finding, isFirst: shown[finding.id] == 1, style)
    }
    for (id, count) in shown.sorted(by: { $0.key < $1.key }) where count > 20 {
      lines.append("  … and \(count - 20) more of \(id): see --output json")
    }
    if let pods, !pods.isEmpty {
      lines.append("\(count(pods.count, "pod")) with the shared Secret, so its Common Name needs a user:")
      lines += pods.prefix(20).map { "  \(visible($0))" } + (pods.count > 20 ? ["  …"] : [])
    }
    let rest = findings.filter { !$0.isAccepted && $0.severity == .warning }.count
    let warnings = rest == 0 ? "" : "; \(count(rest, "warning"))"
    switch (authEnabled, isSafe) {
    case (true, true):
      lines.append(
        style.good("\(cluster): authentication is on, and each user of the file has what the file gives it")
          + warnings)
    case (true, false):
      lines.append(style.bad("\(cluster): authentication is on, and not all is as it should be") + warnings)
    case (false, true):
      lines.append(style.good("\(cluster): authentication can be turned on") + warnings)
    case (false, false):
      lines.append(style.bad("\(cluster): authentication must not be turned on yet") + warnings)
    }
    lines.append("asked: \(visible(asked))")
    lines.append(
      style.faint(
        authEnabled
          ? """
          Not seen from here: certificates in use that no folder of --certificates contains (etcd does not tell who is
          connected).
          """
          : """
          Not seen from here: certificates in use that no folder of --certificates contains (etcd does not tell who is
          connected), and whether the members run with --client-cert-auth. The latter is tried when authentication is
          turned on, with a way back.
          """))
    return lines.joined(separator: "\n")
  }

  private func lines(_ finding: CheckFinding, isFirst: Bool, _ style: Style) -> [String] {
    let paint =
      finding.isAccepted || finding.severity == .info
      ? style.faint : finding.severity == .error ? style.bad : style.caution
    let accepted = finding.acceptance.map { " (\(visible($0)))" } ?? ""
    return ["\(paint("\(finding.severity) \(finding.id)"))\(accepted) \(visible(finding.message))"]
      // The reason is the same for each finding of a rule.
      + (isFirst ? ["  why:  \(finding.meaning)"] : []) + ["  do:   \(visible(finding.cure))"]
  }
}

extension CheckRule {
  init(_ rule: PreflightRule) {
    self.init(
      id: rule.id, severity: rule.severity, title: rule.title, meaning: rule.meaning, cure: rule.cure)
  }
}

/// The rules of preflight.
package enum PreflightRules {
  package static func text(_ style: Style) -> String {
    PreflightRule.all.map { rule in
      "\(style.strong(rule.id)) \(rule.severity.word): \(rule.title)\n  why:  \(rule.meaning)\n  do:   \(rule.cure)"
    }.joined(separator: "\n")
  }
}
