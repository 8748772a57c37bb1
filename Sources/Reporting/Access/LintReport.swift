import Segmentation
import Text

/// The findings of lint.
package struct LintReport: CheckReport, Sendable {
  struct Finding: Encodable, Sendable {
    let id: String
    let severity: String
    let title: String
    let place: String
    let message: String
    let why: String
    let advice: String
    let details: [String]
    let isAccepted: Bool
    /// Until when and why it is accepted; nil if it is not.
    let acceptance: String?
  }

  let file: String
  let findings: [Finding]
  private let checked: [CheckFinding]

  private enum CodingKeys: String, CodingKey { case file, findings }

  package init(_ findings: [LintFinding], file: String, accepting acceptances: Acceptances = .none) {
    self.file = file
    checked = findings.map { finding in
      CheckFinding(
        CheckRule(finding.rule), "\(finding.place)", finding.message, details: finding.details,
        accepting: acceptances)
    }
    self.findings = checked.map { finding in
      Finding(
        id: finding.id, severity: finding.severity.word, title: finding.title, place: finding.subject,
        message: finding.message, why: finding.meaning, advice: finding.cure, details: finding.details,
        isAccepted: finding.isAccepted, acceptance: finding.acceptance)
    }
  }

  /// Whether a finding that is not accepted has at least this severity.
  package func holds(_ severity: FindingSeverity) -> Bool {
    checked.contains { !$0.isAccepted && $0.severity >= severity }
  }

  package func result(file: String, counting severity: FindingSeverity) -> CheckResult {
    CheckResult(
      check: "lint", file: file, rules: Lint.rules.map { CheckRule($0) }, findings: checked,
      counting: severity)
  }

  package func text(_ style: Style) -> String {
    guard !findings.isEmpty else { return style.good("\(file): nothing found") }
    var lines = findings.flatMap { finding in
      let paint =
        finding.isAccepted || finding.severity == "info"
        ? style.faint : finding.severity == "error" ? style.bad : style.caution
      return ["\(paint(finding.severity)) \(finding.id) \(visible("\(finding.place): \(finding.message)"))"]
        + (finding.acceptance.map { ["  \(visible($0))"] } ?? [])
        + finding.details.map { "    \(visible($0))" } + [
          "  why:  \(finding.why)", "  do:   \(finding.advice)",
        ]
    }
    let open = findings.filter { !$0.isAccepted }
    var counts = FindingSeverity.allCases.reversed().compactMap { severity -> String? in
      let number = open.filter { $0.severity == severity.word }.count
      return number == 0 ? nil : count(number, severity.word)
    }
    if open.count < findings.count { counts.append("\(findings.count - open.count) accepted") }
    lines.append("\(file): \(counts.joined(separator: ", "))")
    return lines.joined(separator: "\n")
  }
}

extension CheckRule {
  init(_ rule: LintRule) {
    self.init(
      id: rule.id, severity: rule.severity, title: rule.title, meaning: rule.why, cure: rule.advice)
  }
}
