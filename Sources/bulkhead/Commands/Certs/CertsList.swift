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
    abstract: "List the certificates that were issued, the first to end first.")

  @Option(help: "Attention for those that end within this time, such as 30d, rather than those that are due.")
  var expiresWithin: String?
  @Flag(help: "List those too that have ended, are revoked or were replaced.") var all = false
  @OptionGroup var dueOption: DueOption
  @OptionGroup var fileArgument: FileArgument
  @OptionGroup var nodesOption: NodesOption
  @OptionGroup var outputOption: OutputOption

  private var fileOption: FileOption { fileArgument.fileOption }

  func run() async throws {
    let workspace = try Workspace(fileOption, nodes: nodesOption)
    let window = try expiresWithin.map { text in
      guard let window = Lifetime(text) else {
        throw ValidationError("--expires-within takes a number and a unit: 30d, 12h")
      }
      return Duration.seconds(window.seconds)
    }
    let ledger = try workspace.existingLedger()
    let now = Date()
    let inventory = try Inventory(
      ledger, now: now, share: dueOption.share, expiringWithin: window,
      holders: workspace.segmentation.identities.flatMap(\.holders))
    let report = InventoryReport(
      inventory, blocked: try ledger.blockedIdentities(), nextList: try ledger.nextUpdateOfList(), now: now,
      all: all)
    try Console.out(report, outputOption)
    let revocations = report.revocations
    if !revocations.isEmpty {
      Console.note(
        "hint: these are valid, and the file does not have their holders any more; revoke them:\n"
          + revocations.prefix(10).map { "  \($0)" }.joined(separator: "\n")
          + (revocations.count > 10 ? "\n  and \(revocations.count - 10) more: --output json lists all" : ""))
    }
    if report.needsAttention { throw ExitCode(2) }
  }
}
