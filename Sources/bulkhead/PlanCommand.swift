import ArgumentParser
import Etcd
import Reconciliation
import Reporting

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Say what would change in etcd, in words and as the etcdctl lines that would do the same.",
    discussion: """
      Compares users, roles, permissions and links with what the file wants, and changes nothing.
      Exit code 0 if nothing is to do, 2 if something is.
      """)

  @OptionGroup var fileOption: FileOption
  @OptionGroup var nodesOption: NodesOption
  @OptionGroup var outputOption: OutputOption
  @OptionGroup var timeoutOption: TimeoutOption

  func run() async throws {
    let workspace = try Workspace(fileOption, nodes: nodesOption)
    try workspace.warnOfCertificatesBesidePasswords()
    let applicant = try workspace.applicant()
    let (plan, state) = try await EtcdClient.connect(
      to: workspace.file.etcd.endpoints, as: try workspace.administrator, timeout: timeoutOption.duration
    ) { etcd in
      let desired = DesiredState(workspace.segmentation)
      let state = try await ClusterState.observe(
        etcd, managed: Set(desired.users.map(\.name)), passwords: try workspace.passwordCandidates(),
        progress: Console.progress)
      return (Plan(from: state, to: desired, applicant: applicant), state)
    }
    Console.clearProgress()
    let report = PlanReport(plan, cluster: workspace.file.cluster, authEnabled: state.authEnabled)
    switch outputOption.output {
    case .text: Console.out(report.text(Console.style))
    case .json: Console.out(try JSON.text(report))
    }
    if !plan.isEmpty { throw ExitCode(2) }
  }
}
