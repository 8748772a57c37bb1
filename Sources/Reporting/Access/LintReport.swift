import Segmentation
import Text

/// The findings of lint.
package struct LintReport: TextReport, Sendable {
  struct Finding: Encodable, Sendable {
    let id: String
    let severity: String
    let title: String
    let place: String
    let message: String
    let why: String
    let advice: String
    let details: [String]
  }

  let file: String
  let findings: [Finding]
  private let worst: LintRule.Severity?

  private enum CodingKeys: String, CodingKey { case file, findings }

  package init(_ findings: [LintFinding], file: String) {
    self.file = file
    self.findings = findings.map { finding in
      Finding(
        id: finding.rule.id, severity: finding.rule.severity.word, title: finding.rule.title,
        place: "\(finding.place)", message: finding.message, why: finding.rule.why,
        advice: finding.rule.advice,
        details: finding.details)
    }
    worst = findings.map(\.rule.severity).max()
  }

  /// Whether a finding has at least this severity.
  package func holds(_ severity: LintRule.Severity) -> Bool { worst.map { $0 >= severity } ?? false }

  package func text(_ style: Style) -> String {
    guard !findings.isEmpty else { return style.good("\(file): nothing found") }
    var lines = findings.flatMap { finding in
      let paint =
        finding.severity == "error" ? style.bad : finding.severity == "warning" ? style.caution : style.faint
      return ["\(paint(finding.severity)) \(finding.id) \(visible("\(finding.place): \(finding.message)"))"]
        + finding.details.map { "    \(visible($0))" } + [
          "  why:  \(finding.why)", "  do:   \(finding.advice)",
        ]
    }
    let counts = LintRule.Severity.allCases.reversed().compactMap { severity -> String? in
      let number = findings.filter { $0.severity == severity.word }.count
      return number == 0 ? nil : count(number, severity.word)
    }
    lines.append("\(file): \(counts.joined(separator: ", "))")
    return lines.joined(separator: "\n")
  }
}

extension LintRule.Severity {
  /// `info`, `warning`, `error`.
  fileprivate var word: String { description }

  /// The word that SARIF uses for this severity.
  fileprivate var level: String { self == .info ? "note" : word }
}

/// The findings in the Static Analysis Results Interchange Format, which code hosts display beside the lines
/// of a pull request (OASIS SARIF 2.1.0).
package struct SARIFReport: Encodable, Sendable {
  struct Text: Encodable, Sendable { let text: String }
  struct Driver: Encodable, Sendable {
    let name: String
    let rules: [Rule]
  }
  struct Tool: Encodable, Sendable { let driver: Driver }
  struct Rule: Encodable, Sendable {
    struct Configuration: Encodable, Sendable { let level: String }
    let id: String
    let shortDescription: Text
    let fullDescription: Text
    let help: Text
    let defaultConfiguration: Configuration
  }
  struct Location: Encodable, Sendable {
    struct Physical: Encodable, Sendable { let artifactLocation: Artifact }
    struct Artifact: Encodable, Sendable { let uri: String }
    struct Logical: Encodable, Sendable { let fullyQualifiedName: String }
    let physicalLocation: Physical
    let logicalLocations: [Logical]
  }
  struct Result: Encodable, Sendable {
    let ruleId: String
    let level: String
    let message: Text
    let locations: [Location]
  }
  struct Run: Encodable, Sendable {
    let tool: Tool
    let results: [Result]
  }

  let version = "2.1.0"
  let schema = "https://json.schemastore.org/sarif-2.1.0.json"
  let runs: [Run]

  private enum CodingKeys: String, CodingKey {
    case version, runs
    case schema = "$schema"
  }

  init(rules: [Rule], results: [Result]) {
    runs = [Run(tool: Tool(driver: Driver(name: "bulkhead", rules: rules)), results: results)]
  }

  package init(_ findings: [LintFinding], file: String) {
    let rules = Lint.rules.map { rule in
      Rule(
        id: rule.id, shortDescription: Text(text: rule.title), fullDescription: Text(text: rule.why),
        help: Text(text: rule.advice), defaultConfiguration: .init(level: rule.severity.level))
    }
    let results = findings.map { finding in
      Result(
        ruleId: finding.rule.id, level: finding.rule.severity.level,
        message: Text(text: ([finding.message] + finding.details).joined(separator: "\n")),
        locations: [
          Location(
            physicalLocation: .init(artifactLocation: .init(uri: file)),
            logicalLocations: [.init(fullyQualifiedName: "\(finding.place)")])
        ])
    }
    self.init(rules: rules, results: results)
  }
}
