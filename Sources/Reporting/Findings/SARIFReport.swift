import Segmentation

/// Findings in the Static Analysis Results Interchange Format, which code hosts display beside the lines of a pull
/// request (OASIS SARIF 2.1.0). An accepted finding has a suppression (section 3.27.23).
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
  struct Suppression: Encodable, Sendable {
    /// The acceptance is in the file or on the command line, not beside the finding.
    let kind = "external"
    let justification: String

    private enum CodingKeys: String, CodingKey { case kind, justification }
  }
  struct Result: Encodable, Sendable {
    let ruleId: String
    let level: String
    let message: Text
    let locations: [Location]
    let suppressions: [Suppression]?
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

  package init(_ result: CheckResult) {
    let rules = result.rules.map { rule in
      Rule(
        id: rule.id, shortDescription: Text(text: rule.title), fullDescription: Text(text: rule.meaning),
        help: Text(text: rule.cure), defaultConfiguration: .init(level: rule.severity.level))
    }
    let results = result.findings.map { finding in
      Result(
        ruleId: finding.id, level: finding.severity.level,
        message: Text(text: ([finding.message] + finding.details + [finding.cure]).joined(separator: "\n")),
        locations: [
          Location(
            physicalLocation: .init(artifactLocation: .init(uri: result.file)),
            logicalLocations: [
              .init(fullyQualifiedName: finding.subject.isEmpty ? "cluster" : finding.subject)
            ])
        ], suppressions: finding.acceptance.map { [Suppression(justification: $0)] })
    }
    runs = [Run(tool: Tool(driver: Driver(name: "bulkhead", rules: rules)), results: results)]
  }
}

extension FindingSeverity {
  /// The word that SARIF uses for this severity.
  fileprivate var level: String { self == .info ? "note" : word }
}
