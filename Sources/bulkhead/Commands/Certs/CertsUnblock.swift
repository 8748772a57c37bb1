import Arguments
import Certificates
import Terminal

struct CertsUnblock: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unblock",
    abstract: "Let an identity that was revoked get certificates again.",
    discussion: """
      'certs revoke IDENTITY' blocks the identity. Until it is unblocked, it gets no certificate: not from the \
      authority server, and not by 'certs issue', 'certs renew' or 'certs sign'. Certificates and join tokens that were revoked stay revoked.
      """)

  @Argument(help: "The identity.") var identity: String
  @Option(help: "Lift only the block of this node; all blocks of the identity if not given.") var node:
    String?
  @OptionGroup var fileOption: FileOption

  func run() async throws {
    let count = try Workspace(fileOption).existingLedger().unblock(identity, node: node)
    guard count > 0 else {
      throw CommandError(
        "'\(identity)' is not blocked\(node.map { " on the node '\($0)'" } ?? "")",
        hint: "'bulkhead certs list' shows what is blocked")
    }
    Console.out("unblocked: \(identity)")
  }
}
