import Arguments
import Etcd
import Reconciliation
import Reporting
import Segmentation
import Text

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what would change in etcd, in words and as etcdctl commands.",
    discussion: """
      Compares users, roles, permissions and links with what the file wants, names every difference, and changes \
      nothing. Where neither the file nor any user or role has changed since the last apply, that is seen in a few \
      calls, however many users there are; --full reads them all. If another process is applying at that moment, it \
      shows which: the plan may be incomplete then.

      Exit code 0 if nothing is to do, 2 if something is, while an alarm of etcd is active, or if a user that the \
      file does not name reaches its keys, has the role root or accepts the empty password. What else 'management' leaves \
      alone is listed and not to do.
      """)

  @Flag(help: "Read every user and role, even if nothing seems to have changed.")
  var full = false

  @OptionGroup var takeOverOption: TakeOverOption
  @OptionGroup var fileOption: FileOption
  @OptionGroup var nodesOption: NodesOption
  @OptionGroup var outputOption: OutputOption
  @OptionGroup var timeoutOption: TimeoutOption

  func run() async throws {
    let workspace = try Workspace(fileOption, nodes: nodesOption)
    try workspace.warnOfCertificatesBesidePasswords()
    let goal = try workspace.goal(takesOver: takeOverOption.takeOver)
    let administrator = try workspace.administrator
    let cluster = workspace.file.cluster
    try await EtcdClient.connectToMembers(
      behind: workspace.file.etcd.endpoints, as: administrator, timeout: timeoutOption.duration
    ) { etcd, members in
      Console.note(members)
      let survey = try await Survey.take(etcd, as: administrator, members: members)
      if let warning = survey.alarmWarning { Console.note("warning: \(warning)") }
      if !full, survey.alarms.isEmpty, let applied = try goal.applied(according: survey) {
        let report = UnchangedReport(
          applied, cluster: cluster, authEnabled: survey.authEnabled, members: members)
        return try Console.out(LockedReport(report, survey.lock), outputOption)
      }
      let (state, plan) = try await goal.plan(for: etcd, survey, progress: Console.progress)
      let estimate = try await EstimateReport(plan, from: state, workspace.segmentation, etcd)
      Console.clearProgress()
      let report = PlanReport(
        plan, cluster: cluster, authEnabled: state.authEnabled, members: members, estimate: estimate)
      try Console.out(LockedReport(report, try await survey.lockSince(etcd)), outputOption)
      let interrupted = try goal.interruptedRemoval(survey).flatMap { state.users[$0] == nil ? $0 : nil }
      if let interrupted {
        Console.note(
          "note: an 'apply --stage clean' that was killed has deleted the shared user \(quoted(interrupted)): the next apply creates it again"
        )
      }
      if !plan.isEmpty || plan.needsAttention || interrupted != nil || !survey.alarms.isEmpty {
        throw ExitCode(2)
      }
    }
  }
}
