import Arguments
import Catalogue
import Reporting
import Segmentation
import Terminal

struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare two segmentations: what each identity gains and loses, with an example key.",
    discussion: """
      A and B are each a file; 'live', the cluster that --file names; 'documented' or 'corrected', the file that \
      --file names with these roles. The rules of both files are checked on both sides. With --no-new-access the exit \
      code is 2 if an identity gains access or a rule does not hold in B: for the check of a pull request.

        bulkhead compare main/bulkhead.yaml bulkhead.yaml --no-new-access
        bulkhead compare live bulkhead.yaml
        bulkhead compare documented corrected
      """)

  @Argument(help: "Before.") var a: String
  @Argument(help: "After.") var b: String
  @Flag(help: "Exit with 2 if an identity gains access or a rule does not hold in B.") var noNewAccess = false
  @OptionGroup var fileOption: FileOption
  @OptionGroup var outputOption: OutputOption
  @OptionGroup var timeoutOption: TimeoutOption

  func run() async throws {
    let before = try await side(a)
    let after = try await side(b)
    let rules = ComparedRules(
      before.file.rules + after.file.rules.filter { !before.file.rules.contains($0) },
      before: { $0.result(in: before.segmentation, administrators: before.file.ruleExemptions) },
      after: { $0.result(in: after.segmentation, administrators: after.file.ruleExemptions) },
      removed: before.file.rules.filter { old in !after.file.rules.contains { $0.name == old.name } })
    let report = CompareReport(
      before.segmentation.compared(to: after.segmentation), before: a, after: b, rules: rules)
    try Console.out(report, outputOption)
    if noNewAccess, report.gainsAnything || report.breaksRules { throw ExitCode(2) }
  }

  private func side(_ name: String) async throws -> (file: SegmentationFile, segmentation: Segmentation) {
    if name == "live" {
      let workspace = try Workspace(fileOption)
      return (workspace.file, try await workspace.liveSegmentation(timeout: timeoutOption.duration))
    }
    let workspace =
      try CatalogueForm(rawValue: name).map { try Workspace(fileOption, roles: $0) }
      ?? Workspace(FileOption(file: name))
    return (workspace.file, workspace.segmentation)
  }
}
