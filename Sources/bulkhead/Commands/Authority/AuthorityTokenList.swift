import Arguments
import Certificates
import FoundationEssentials
import Reporting
import Terminal

struct AuthorityTokenList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the join tokens that can be used, without their secrets.")

  @Flag(help: "List those too that are used, expired or revoked.") var all = false
  @OptionGroup var fileOption: FileOption
  @OptionGroup var outputOption: OutputOption

  func run() async throws {
    let tokens = try Workspace(fileOption).existingLedger().tokens()
    try Console.out(JoinTokenReport(tokens, now: Date(), all: all), outputOption)
  }
}
