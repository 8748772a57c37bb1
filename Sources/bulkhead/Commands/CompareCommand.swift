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
      --file names with these roles. With --no-new-access the exit code is 2 if an identity gains access: for the \
      check of a pull request.

        bulkhead compare main/bulkhead.yaml bulkhead.yaml --no-new-access
        bulkhead compare live bulkhead.yaml
        bulkhead compare documented corrected
      """)

  @Argument(help: "Before.") var a: String
  @Argument(help: "After.") var b: String
  @Flag(help: "Exit with 2 if an identity gains access.") var noNewAccess = false
  @OptionGroup var fileOption: FileOption
  @OptionGroup var outputOption: OutputOption
  @OptionGroup var timeoutOption: TimeoutOption

  func run() async throws {
    let before = try await segmentation(a)
    let after = try await segmentation(b)
    let report = CompareReport(before.compared(to: after), before: a, after: b)
    try Console.out(report, outputOption)
    if noNewAccess, report.gainsAnything { throw ExitCode(2) }
  }

  private func segmentation(_ name: String) async throws -> Segmentation {
    if name == "live" {
      return try await Workspace(fileOption).liveSegmentation(timeout: timeoutOption.duration)
    }
    guard let form = CatalogueForm(rawValue: name) else {
      return try Workspace(FileOption(file: name)).segmentation
    }
    return try Workspace(fileOption, roles: form).segmentation
  }
}
