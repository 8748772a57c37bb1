import Arguments
import Certificates
import FoundationEssentials
import Terminal

struct AuthorityTokenRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Revoke join tokens, so that they cannot be used any more.",
    discussion: "Certificates that they brought stay valid: 'bulkhead certs revoke' is for those.")

  @Argument(help: "Ids, as 'bulkhead authority token list' shows them.") var ids: [String]
  @OptionGroup var fileOption: FileOption

  func run() async throws {
    try Workspace(fileOption).existingLedger().revokeTokens(ids, at: Date())
    for id in ids { Console.out("revoked: join token \(id)") }
  }
}
