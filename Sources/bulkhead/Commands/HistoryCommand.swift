import Arguments
import Etcd
import Reconciliation
import Reporting
import Segmentation
import Terminal

struct HistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "List the last changes of the cluster's users and roles by Bulkhead.",
    discussion: """
      Who made each change, when, from which file and git commit, and with which version. etcd keeps the last \
      \(History.mostEntries), with what 'bulkhead undo' needs; only administrators of etcd can read them, and change them.

        bulkhead history
        bulkhead history --output json
      """)

  @OptionGroup var fileArgument: FileArgument
  @OptionGroup var outputOption: OutputOption
  @OptionGroup var timeoutOption: TimeoutOption

  private var fileOption: FileOption { fileArgument.fileOption }

  func run() async throws {
    let workspace = try Workspace(fileOption)
    let history = try await EtcdClient.connect(
      to: workspace.file.etcd.endpoints, as: try workspace.administrator, timeout: timeoutOption.duration
    ) { try await History.read($0) }
    try Console.out(HistoryReport(history, cluster: workspace.file.cluster), outputOption)
  }
}
