import Arguments
import Etcd
import Files
import FoundationEssentials
import Reconciliation
import Release
import Reporting
import Segmentation
import Terminal

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write all users and roles of the cluster to a file, for the day after a restored snapshot.",
    discussion: """
      Users with their roles, roles with their permissions, and which users have a password, of the whole cluster and not \
      of the file alone. No password and no hash of one is in it. 'bulkhead restore' compares it with the cluster and \
      brings it back. Make one after each change, and keep it apart from the snapshots.

        bulkhead export --out users-and-roles.json
      """)

  @Option(help: ArgumentHelp("Where to write it; standard output by default.", valueName: "file")) var out:
    String?
  @OptionGroup var fileArgument: FileArgument
  @OptionGroup var timeoutOption: TimeoutOption

  private var fileOption: FileOption { fileArgument.fileOption }

  func run() async throws {
    let workspace = try Workspace(fileOption)
    let administrator = try workspace.administrator
    let export = try await EtcdClient.connectToMembers(
      behind: workspace.file.etcd.endpoints, as: administrator, timeout: timeoutOption.duration
    ) { etcd, members in
      Console.note(members)
      let survey = try await Survey.take(etcd, as: administrator, members: members)
      guard survey.lock == nil else {
        throw CommandError(
          "another process changes users and roles now", hint: "wait until it has finished, and export again")
      }
      let state = try await ClusterState.observe(
        etcd, authEnabled: survey.authEnabled, progress: Console.progress)
      return AuthExport(
        state, survey, cluster: workspace.file.cluster, madeAt: Date(), bulkhead: Version.current)
    }
    Console.clearProgress()
    let bytes = try export.bytes
    guard let out, out != "-" else {
      Console.write(String(decoding: bytes, as: UTF8.self), to: 1)
      return
    }
    if let existing = try FileContents.readIfPresent(out, limit: AuthExport.mostBytes),
      !AuthExport.isOne(existing)
    {
      throw CommandError(
        "the export is not written: '\(out)' exists and is not an export", hint: "name another file")
    }
    try AtomicFile.write(bytes, to: out, mode: 0o644)
    Console.note("\(export.users.count) users and \(export.roles.count) roles are in \(out)")
  }
}
