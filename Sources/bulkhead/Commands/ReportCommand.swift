import Arguments
import Certificates
import Etcd
import Files
import FoundationEssentials
import Keyspace
import Reconciliation
import Release
import Reporting
import Segmentation
import Terminal
import Verification

struct ReportCommand: AsyncParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable { case html, markdown, json }

  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract:
      "Write one page that shows who may do what, what a leaked certificate opens, and what is proven.",
    discussion: """
      The page is one HTML file that loads nothing. It is made from the file, the ledger of certificates on this machine, \
      and the results that --with names. What was not asked is listed as not asked.

        bulkhead verify --output json >verify.json
        bulkhead preflight --output json >preflight.json
        bulkhead report --with verify.json --with preflight.json --to report.html

      To see later what has changed, keep the report as JSON: --output json --to report.json, then --since report.json.
      """)

  @Option(help: "Format of the report.") var output = Format.html
  @Option(help: ArgumentHelp("Write it to this file instead of standard output.", valueName: "file")) var to:
    String?
  @Option(
    name: .customLong("with"),
    help: ArgumentHelp(
      "A result of 'verify --output json' or 'preflight --output json'; may be repeated.", valueName: "file"))
  var results: [String] = []
  @Option(help: ArgumentHelp("An earlier report in JSON: show what has changed.", valueName: "file"))
  var since: String?
  @Flag(
    help: "Ask the cluster how many keys there are, in one call for each range of keys. No value is read.")
  var live = false
  @OptionGroup var fileArgument: FileArgument
  @OptionGroup var nodesOption: NodesOption
  @OptionGroup var timeoutOption: TimeoutOption

  private var fileOption: FileOption { fileArgument.fileOption }

  func run() async throws {
    let workspace = try Workspace(fileOption, nodes: nodesOption)
    let acceptances = workspace.acceptances(known: try AdvisoryList.embedded())
    let origin = workspace.origin()
    let lint = try Lint.findings(
      workspace.file, catalogue: workspace.catalogue, authority: workspace.authorityOverlap(),
      ended: acceptances.ended)
    let inventory = try workspace.ledgerIfPresent().map {
      try Inventory(
        $0, now: origin.at, share: Renewal.usualShare,
        holders: workspace.segmentation.identities.flatMap(\.holders))
    }
    let saved = try results.map { try savedResult($0, workspace) }
    let keys = live ? try await keyCounts(workspace, at: origin.at) : nil
    var report = Report(
      workspace.file, named: fileOption.file, workspace.segmentation, origin: origin,
      program: Version.current,
      lint: lint, accepting: acceptances, inventory: inventory, results: saved, keys: keys)
    if let since { report.changes = ReportChanges(from: try earlier(since), to: report) }
    let text =
      switch output {
      case .html: report.html
      case .markdown: report.markdown
      case .json: try JSON.text(report)
      }
    guard let to, to != "-" else { return Console.out(text) }
    // It lists who may do what: not for every user of the machine.
    try AtomicFile.write(Array((text + "\n").utf8), to: to, mode: 0o640)
    Console.note("\(to): the report of \(report.cluster)")
  }

  private func savedResult(_ path: String, _ workspace: Workspace) throws -> SavedResult {
    let bytes = try FileContents.read(StandardInput.path(path, as: "--with"))
    guard let result = try? SavedResult(json: bytes) else {
      throw CommandError(
        "'\(path)' is no result of verify or preflight in JSON of this release",
        hint: "write it with 'bulkhead verify --output json >\(path)'")
    }
    guard result.clusterName == workspace.file.cluster else {
      throw CommandError(
        "'\(path)' is about the cluster '\(result.clusterName)', and the file about '\(workspace.file.cluster)'",
        hint: "give a result for the same cluster")
    }
    return result
  }

  private func earlier(_ path: String) throws -> Report {
    let bytes = try FileContents.read(StandardInput.path(path, as: "--since"))
    guard let report = try? Report(json: bytes), report.format == Report.currentFormat else {
      throw CommandError(
        "'\(path)' is no report in JSON of this release",
        hint: "write one with 'bulkhead report --output json'")
    }
    return report
  }

  /// The number of keys of each kind, in a bounded number of calls.
  private func keyCounts(_ workspace: Workspace, at date: Date) async throws -> Report.KeyCounts {
    let credentials = try workspace.administrator
    return try await EtcdClient.connectToMembers(
      behind: workspace.file.etcd.endpoints, as: credentials, timeout: timeoutOption.duration
    ) { etcd, members in
      Console.note(members)
      var counts: [String: Int] = [:]
      for (name, keys) in AccessMatrix.parts(workspace.segmentation) {
        var number = 0
        for range in keys.ranges { number += try await etcd.count(in: range) }
        if number > 0 { counts[name] = number }
      }
      let state = try await ClusterState.observe(etcd, tryingPasswords: false)
      let unowned = try await UnownedKeys.ask(etcd, workspace.segmentation, state)
        .map { "\($0.name): \($0.count), such as \($0.witness)" }
      let sizes = members.reachable.compactMap { member in
        member.status.map { (member.name, $0.databaseSize) }
      }
      return Report.KeyCounts(
        at: date, total: try await etcd.count(in: .everything), byRow: counts, unowned: unowned,
        storeBytes: Dictionary(sizes) { first, _ in first })
    }
  }
}
