import Arguments
import Catalogue
import Reporting
import Segmentation
import Terminal
import Verification

struct LintCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint",
    abstract: "Find known problems of a segmentation, with their meaning and remedy.",
    discussion: """
      Checks the file, or with --live the cluster's users and roles. --rules lists the rules.
      """)

  @Flag(help: "Check the cluster's users and roles.") var live = false
  @Flag(help: "List the rules.") var rules = false
  @Option(help: "The lowest severity that makes the exit code 2.") var failOn = FindingSeverity.warning
  @OptionGroup var outputOption: FindingsOutputOption
  @OptionGroup var fileArgument: FileArgument
  @OptionGroup var timeoutOption: TimeoutOption

  private var fileOption: FileOption { fileArgument.fileOption }

  func run() async throws {
    if rules { return Console.out(RuleReport().text(Console.style)) }
    let workspace = try Workspace(fileOption)
    let acceptances = workspace.acceptances(known: try AdvisoryList.embedded())
    let findings: [LintFinding]
    if live {
      let cluster = try await workspace.liveSegmentation(
        timeout: timeoutOption.duration, tryingPasswords: true)
      findings = Lint.findings(
        cluster, file: workspace.segmentation, rules: workspace.file.ruleResults(in: cluster))
    } else {
      findings = try Lint.findings(
        workspace.file, catalogue: workspace.catalogue, authority: workspace.authorityOverlap(),
        ended: acceptances.ended)
    }
    let name = live ? "\(workspace.file.cluster), live" : fileOption.file
    let report = LintReport(findings, file: name, accepting: acceptances)
    try Console.out(report, outputOption, file: fileOption.file, counting: failOn)
    if report.holds(failOn) { throw ExitCode(2) }
  }
}
