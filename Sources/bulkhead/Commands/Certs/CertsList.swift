import Arguments
import Certificates
import FoundationEssentials
import Reporting
import Segmentation
import StrictYAML
import Terminal

struct CertsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the certificates that were issued, the first to end first.",
    discussion: """
      Exit code 2 if one needs attention: it is due for renewal, has ended in use, or is revoked and its file still \
      there; or the revocation list is out of date.
      """)

  @Option(help: "Attention for those that end within this time, such as 30d, rather than those that are due.")
  var expiresWithin: String?
  @Flag(help: "List those too that have ended, are revoked or were replaced.") var all = false
  @OptionGroup var dueOption: DueOption
  @OptionGroup var fileOption: FileOption
  @OptionGroup var outputOption: OutputOption

  func run() async throws {
    let workspace = try Workspace(fileOption)
    let window = try expiresWithin.map { text in
      guard let window = Lifetime(text) else {
        throw ValidationError("--expires-within takes a number and a unit: 30d, 12h")
      }
      return Duration.seconds(window.seconds)
    }
    let ledger = try workspace.existingLedger()
    let now = Date()
    let inventory = try Inventory(ledger, now: now, share: dueOption.share, expiringWithin: window)
    let report = InventoryReport(
      inventory, blocked: try ledger.blockedIdentities(), nextList: try ledger.nextUpdateOfList(), now: now,
      all: all)
    try Console.out(report, outputOption)
    if report.needsAttention { throw ExitCode(2) }
  }
}
