import Arguments
import Catalogue
import Reporting
import Segmentation

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
    abstract: "Known faults of a segmentation, each with what it means and what to do.",
    discussion: """
      Looks at the file, or with --live at the cluster's users and roles. Exit code 2 if a finding is at least as bad \
      as --fail-on. With --rules it lists the rules.
      """)

  @Flag(help: "Look at the cluster's users and roles as they are.") var live = false
  @Flag(help: "List the rules.") var rules = false
  @Option(help: "The least severity that makes the exit code 2.") var failOn = Severity.warning
  @Option(help: "How the result is printed.") var output = Format.text
  @OptionGroup var fileOption: FileOption
  @OptionGroup var timeoutOption: TimeoutOption

  func run() async throws {
    if rules { return Console.out(RuleReport().text(Console.style)) }
    let workspace = try Workspace(fileOption)
    let findings =
      live
      ? Lint.findings(try await workspace.liveSegmentation(timeout: timeoutOption.duration))
      : try Lint.findings(
        workspace.file, catalogue: workspace.catalogue, authority: workspace.authorityOverlap())
    let name = live ? "\(workspace.file.cluster), live" : fileOption.file
    let report = LintReport(findings, file: name)
    switch output {
    case .text: Console.out(report.text(Console.style))
    case .json: Console.out(try JSON.text(report))
    case .sarif: Console.out(try JSON.text(SARIFReport(findings, file: name)))
    }
    if report.holds(failOn.value) { throw ExitCode(2) }
  }
}
