import Arguments
import Certificates
import Etcd
import Files
import Reconciliation
import Release
import Reporting
import Segmentation
import Services
import Terminal

struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Bring the cluster's users and roles back to those of an export.",
    discussion: """
      After etcd was restored from a snapshot, users that were cut off since the snapshot exist again, with their roles. \
      They are named first. Then users and roles become those of the export: what it does not have is deleted, except \
      for 'protect' in the file, Bulkhead's own user and what may be kube-apiserver's. Passwords cannot be brought back. \
      See Documentation/restore.md for that day.

      --plan shows the steps and changes nothing. Otherwise they need --yes, or an answer on a terminal; the question \
      names each user that gets the role root. 'bulkhead undo' takes a restore back.

        bulkhead restore users-and-roles.json --plan
        bulkhead restore users-and-roles.json
      """)

  @Argument(help: "What 'bulkhead export' wrote; '-' reads standard input.") var export: String
  @Flag(help: "Show what differs and the steps, and change nothing.") var plan = false
  @Flag(help: "Do not ask before the first step.") var yes = false
  @OptionGroup var fileOption: FileOption
  @OptionGroup var nodesOption: NodesOption
  @OptionGroup var outputOption: OutputOption
  @OptionGroup var timeoutOption: TimeoutOption
  @OptionGroup var lockOption: WaitOption

  func validate() throws {
    if plan, yes { throw ValidationError("--yes has no effect with --plan") }
  }

  func run() async throws {
    let workspace = try Workspace(fileOption, nodes: nodesOption)
    let administrator = try workspace.administrator
    let export = try AuthExport(
      FileContents.read(StandardInput.path(export, as: "the export"), limit: AuthExport.mostBytes))
    try await withCancellation { [self] in
      try await EtcdClient.connectToMembers(
        behind: workspace.file.etcd.endpoints, as: administrator, timeout: timeoutOption.duration
      ) { etcd, members in
        Console.note(members)
        @Sendable func report(_ restore: RestorePlan, isDone: Bool) -> RestoreReport {
          RestoreReport(
            restore, export, isDone: isDone, asked: members.asked, missing: !members.unreachable.isEmpty)
        }
        let survey = try await Survey.take(etcd, as: administrator, members: members)
        if let warning = survey.alarmWarning { Console.note("warning: \(warning)") }
        if plan {
          let (_, restore) = try await restorePlan(export, workspace, survey, etcd)
          try Console.out(report(restore, isDone: false), outputOption)
          if !restore.plan.isEmpty || !restore.remaining.isEmpty { throw ExitCode(2) }
          return
        }
        _ = try await survey.checkSpace(as: administrator)
        let restore = try await lockOption.holdingLock(of: etcd) { lock in
          let survey = try await Survey.take(etcd, as: administrator)
          let (state, restore) = try await restorePlan(export, workspace, survey, etcd)
          guard !restore.plan.isEmpty else { return restore }
          let run = try workspace.recordedRun(.restore, etcd, lock)
          try await run.run(restore.work(from: state), try workspace.goal(), survey) { work in
            guard !yes else { return }
            try Console.confirm(
              work.plan, "Bring users and roles back to the export?", showing: report(restore, isDone: false))
          }
          return restore
        }
        Console.clearProgress()
        try Console.out(report(restore, isDone: true), outputOption)
        if !restore.remaining.isEmpty { throw ExitCode(2) }
      }
    }
  }

  private func restorePlan(
    _ export: AuthExport, _ workspace: Workspace, _ survey: Survey, _ etcd: EtcdClient
  ) async throws -> (state: ClusterState, restore: RestorePlan) {
    let state = try await ClusterState.observe(
      etcd, authEnabled: survey.authEnabled, progress: Console.progress)
    Console.clearProgress()
    return (state, try RestorePlan(export, from: state, try workspace.goal(), survey))
  }
}
