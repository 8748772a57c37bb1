import Reconciliation
import Text
import Verification

/// Whether authentication can be turned on and what it does not protect, as text, JSON and SARIF.
package struct PreflightReport: Encodable, TextReport {
  struct Finding: Encodable {
    let id: String
    let severity: String
    let title: String
    let subject: String
    let message: String
    let meaning: String
    let cure: String
    /// The vulnerability, if it is about one.
    let advisory: String?
    /// Whether `--accept` names it; it does not count then.
    let isAccepted: Bool
  }

  let cluster: String
  /// Whether no error is among the findings that are not accepted.
  package let isSafe: Bool
  let authEnabled: Bool
  /// Which members were asked: `3 of 3 members`.
  let asked: String
  let findings: [Finding]
  /// Pods that use the shared Secret; nil if no list of pods was given.
  let pods: [String]?
  private let worst: PreflightRule.Severity?

  private enum CodingKeys: String, CodingKey { case cluster, isSafe, authEnabled, asked, findings, pods }

  /// - Parameter accepted: Ids of rules, or ids or aliases of advisories.
  package init(
    _ preflight: Preflight, cluster: String, pods: PodUses?, accepting accepted: [String] = []
  ) {
    self.cluster = cluster
    authEnabled = preflight.authEnabled
    asked = preflight.asked
    findings = preflight.findings.map { finding in
      Finding(
        id: finding.rule.id, severity: finding.severity.word, title: finding.rule.title,
        subject: finding.subject, message: finding.message, meaning: finding.rule.meaning, cure: finding.cure,
        advisory: finding.advisory?.id, isAccepted: accepted.contains(where: finding.isNamed))
    }
    worst = preflight.findings.filter { finding in !accepted.contains(where: finding.isNamed) }
      .map(\.severity).max()
    isSafe = worst.map { $0 < .error } ?? true
    self.pods = pods?.pods
  }

  /// Whether a finding that is not accepted has at least this severity.
  package func holds(_ severity: PreflightRule.Severity) -> Bool { worst.map { $0 >= severity } ?? false }

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
    let rest = findings.filter { !$0.isAccepted && $0.severity == "warning" }.count
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
        """
        Not seen from here: certificates in use that no folder of --certificates contains (etcd does not tell who is
        connected), and whether the members run with --client-cert-auth. The latter is tried when authentication is
        turned on, with a way back.
        """))
    return lines.joined(separator: "\n")
  }

  private func lines(_ finding: Finding, isFirst: Bool, _ style: Style) -> [String] {
    let paint =
      finding.severity == "error" ? style.bad : finding.severity == "warning" ? style.caution : style.faint
    let accepted = finding.isAccepted ? " (accepted)" : ""
    return ["\(paint("\(finding.severity) \(finding.id)"))\(accepted) \(visible(finding.message))"]
      // The reason is the same for each finding of a rule.
      + (isFirst ? ["  why:  \(finding.meaning)"] : []) + ["  do:   \(visible(finding.cure))"]
  }
}

extension SARIFReport {
  /// - Parameter file: The file of the segmentation, which the findings are shown beside.
  package init(_ preflight: Preflight, file: String, accepting accepted: [String] = []) {
    self.init(
      rules: PreflightRule.all.map { rule in
        Rule(
          id: rule.id, shortDescription: Text(text: rule.title), fullDescription: Text(text: rule.meaning),
          help: Text(text: rule.cure), defaultConfiguration: .init(level: rule.severity.level))
      },
      results: preflight.findings.filter { finding in !accepted.contains(where: finding.isNamed) }.map {
        finding in
        Result(
          ruleId: finding.rule.id, level: finding.severity.level,
          message: Text(text: "\(finding.message). \(finding.cure)"),
          locations: [
            Location(
              physicalLocation: .init(artifactLocation: .init(uri: file)),
              logicalLocations: [
                .init(fullyQualifiedName: finding.subject.isEmpty ? "cluster" : finding.subject)
              ])
          ])
      })
  }
}

extension PreflightRule.Severity {
  /// The word that SARIF uses for this severity.
  fileprivate var level: String { self == .info ? "note" : word }
}

/// The rules of preflight.
package enum PreflightRules {
  package static func text(_ style: Style) -> String {
    PreflightRule.all.map { rule in
      "\(style.strong(rule.id)) \(rule.severity.word): \(rule.title)\n  why:  \(rule.meaning)\n  do:   \(rule.cure)"
    }.joined(separator: "\n")
  }
}
