import Arguments
import Reporting
import Segmentation
import Terminal

struct ShowCommand: AsyncParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, map, leaks }

  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show who may read and write where: kinds of identities across, kinds of keys down.",
    discussion: """
      From the file, or with --live from the cluster's users and roles. Identities that may do the same are one column, \
      also the users of a component on several nodes. On a terminal the table is as wide as the terminal.

      --output map draws the key space, --output leaks what each stolen certificate opens, each as SVG:
        bulkhead show --output map >key-space.svg
      """)

  @Option(help: "Format of the result.") var output = Format.text
  @Flag(help: "Use the cluster's users and roles instead of the file.") var live = false
  @OptionGroup var fileArgument: FileArgument
  @OptionGroup var timeoutOption: TimeoutOption

  func run() async throws {
    let report = MatrixReport(
      try await LiveOption.segmentation(fileArgument.fileOption, live: live, timeoutOption))
    switch output {
    case .text: try Console.out(report, .text)
    case .json: try Console.out(report, .json)
    case .map: Console.out(report.map)
    case .leaks: Console.out(report.leaks)
    }
  }
}
