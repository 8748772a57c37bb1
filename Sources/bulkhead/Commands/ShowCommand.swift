import Arguments
import Reporting
import Segmentation
import Terminal

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show who may read and write where: kinds of identities across, kinds of keys down.",
    discussion: """
      From the file, or with --live from the cluster's users and roles. Identities that may do the same are one column, \
      also the users of a component on several nodes. On a terminal the table is as wide as the terminal.
      """)

  @OptionGroup var outputOption: OutputOption
  @OptionGroup var liveOption: LiveOption

  func run() async throws {
    try Console.out(MatrixReport(try await liveOption.segmentation()), outputOption)
  }
}
