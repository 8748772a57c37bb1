import Arguments
import Catalogue
import Reporting
import Segmentation
import Terminal

struct LintCommand: AsyncParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, sarif }
  enum Severity: String, ExpressibleByArgument, CaseIterable {
    case info, warning, error

    var value: LintRule.Severity {
      switch self {
      case .info: .info
      case .warning: .warning
      case .error: .error
      }
    }
  }

  static let configuration = CommandConfiguration(
    commandName: "lint",
    abstract: "Find known problems of a segmentation, with their meaning and remedy.",
    discussion: """
      Checks the file, or with --live the cluster's users and roles. Exit code 2 if a finding has at least the \
      severity --fail-on. --rules lists the rules.
      """)

  @Flag(help: "Check the cluster's users and roles.") var live = false
  @Flag(help: "List the rules.") var rules = false
  @Option(help: "The lowest severity that makes the exit code 2.") var failOn = Severity.warning
  @Option(help: "Format of the result.") var output = Format.text
  @OptionGroup var fileArgument: FileArgument
  @OptionGroup var timeoutOption: TimeoutOption

  private var fileOption: FileOption { fileArgument.fileOption }

  func run() async throws {
    if rules { return Console.out(RuleReport().text(Console.style)) }
    let workspace = try Workspace(fileOption)
    let findings =
      live
      ? Lint.findings(
        try await workspace.liveSegmentation(timeout: timeoutOption.duration, tryingPasswords: true),
        file: workspace.segmentation)
      : try Lint.findings(
        workspace.file, catalogue: workspace.catalogue, authority: workspace.authorityOverlap())
    let name = live ? "\(workspace.file.cluster), live" : fileOption.file
    let report = LintReport(findings, file: name)
    switch output {
    case .text: try Console.out(report, .text)
    case .json: try Console.out(report, .json)
    case .sarif: Console.out(try JSON.text(SARIFReport(findings, file: name)))
    }
    if report.holds(failOn.value) { throw ExitCode(2) }
  }
}
