import Arguments
import Keyspace
import Reporting
import Segmentation
import Terminal

extension Access: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

struct WhoCanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "who-can",
    abstract: "List the identities that may do something to a key.",
    discussion: """
      Lists every identity, root included, with the grant that allows it.

        bulkhead who-can write /calico/resources/v3/projectcalico.org/tiers/default
        bulkhead who-can read /registry/secrets/ --prefix --live
      """)

  @Argument(help: "read, write or readwrite.") var access: Access
  @Argument(help: "The key; write bytes that are not text as \\xNN.") var key: String
  @OptionGroup var rangeOptions: RangeOptions
  @OptionGroup var outputOption: OutputOption
  @OptionGroup var liveOption: LiveOption

  func run() async throws {
    let range = try rangeOptions.range(of: key)
    let segmentation = try await liveOption.segmentation()
    let report = HoldersReport(
      segmentation.whoCan(access, range), access, range, segmentation.keyNames)
    try Console.out(report, outputOption)
  }
}
