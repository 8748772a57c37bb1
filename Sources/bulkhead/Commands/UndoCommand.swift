import Arguments
import Certificates
import Etcd
import Reconciliation
import Release
import Reporting
import Segmentation
import Services
import Terminal
import Text

struct UndoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "undo",
    abstract: "Take back the last change of the cluster's users and roles.",
    discussion: """
      Brings back the users, roles and permissions that an apply, an undo or a restore changed, as they were before it. \
      Refused if one of them was changed since. Passwords are not recorded: a user that is created again has none, or \
      the one in its file. Authentication stays on.

      --plan shows the steps and changes nothing; otherwise they need --yes, or an answer on a terminal. The role root \
      goes only to administrators that the file names. An undo is a change too: a second undo takes it back. The file \
      still asks for what it says: change it, or the next apply makes the same changes again.

        bulkhead undo --plan     what would be taken back
        bulkhead undo            the last change
        bulkhead undo 12         change 12 of 'bulkhead history'
      """)

  @Argument(help: "The number of the change in 'bulkhead history'; the last one of the file by default.")
  var number: Int?

  @Flag(help: "Show the steps, and change nothing.") var plan = false
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
    try await withCancellation { [self] in
      try await EtcdClient.connectToMembers(
        behind: workspace.file.etcd.endpoints, as: administrator, timeout: timeoutOption.duration
      ) { etcd, members in
        Console.note(members)
        @Sendable func report(_ undo: UndoPlan, isDone: Bool) -> UndoReport {
          UndoReport(
            undo, cluster: workspace.file.cluster, isDone: isDone, asked: members.asked,
            missing: !members.unreachable.isEmpty)
        }
        let survey = try await Survey.take(etcd, as: administrator, members: members)
        if let warning = survey.alarmWarning { Console.note("warning: \(warning)") }
        if plan {
          let (_, undo) = try await Undo.plan(
            number, try workspace.goal(), survey, etcd, progress: Console.progress)
          Console.clearProgress()
          try Console.out(report(undo, isDone: false), outputOption)
          if !undo.plan.isEmpty || !undo.remaining.isEmpty { throw ExitCode(2) }
          return
        }
        _ = try await survey.checkSpace(as: administrator)
        let undo = try await lockOption.holdingLock(of: etcd) { lock in
          let survey = try await Survey.take(etcd, as: administrator)
          let goal = try workspace.goal()
          let (state, undo) = try await Undo.plan(number, goal, survey, etcd, progress: Console.progress)
          Console.clearProgress()
          guard !undo.plan.isEmpty else { return undo }
          let run = try workspace.recordedRun(.undo, undoing: undo.entry.number, etcd, lock)
          try await run.run(undo.work(from: state), goal, survey) { work in
            guard !yes else { return }
            try Console.confirm(
              work.plan, "Take change \(undo.entry.number) back?", showing: report(undo, isDone: false))
          }
          return undo
        }
        Console.clearProgress()
        try Console.out(report(undo, isDone: true), outputOption)
        if !undo.plan.isEmpty {
          Console.note(
            "note: the file asks for what it asked for before: change it, or the next apply makes change \(undo.entry.number) again"
          )
        }
        if !undo.remaining.isEmpty { throw ExitCode(2) }
      }
    }
  }
}
