import Arguments
import Etcd
import Reconciliation
import Reporting
import Segmentation

struct PreflightCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preflight",
    abstract: "Say whether it is safe to turn etcd's authentication on, and who would be locked out.",
    discussion: """
      Changes nothing. Looks at the users and roles, the members and whom their server certificates name, the alarms and \
      the space, and at the pods if they are given:
        kubectl get pods --all-namespaces --output json | bulkhead preflight --pods -

      Exit code 0 if it is safe, 2 if it is not.
      """)

  @OptionGroup var fileOption: FileOption
  @OptionGroup var nodesOption: NodesOption
  @OptionGroup var sharedOptions: SharedOptions
  @OptionGroup var outputOption: OutputOption
  @OptionGroup var timeoutOption: TimeoutOption

  func run() async throws {
    let workspace = try Workspace(fileOption, nodes: nodesOption)
    let applicant = try workspace.applicant()
    let credentials = try workspace.administrator
    let uses = try sharedOptions.podUses()
    let preflight = try await EtcdClient.connect(
      to: workspace.file.etcd.endpoints, as: credentials, timeout: timeoutOption.duration
    ) { etcd in
      let desired = DesiredState(workspace.segmentation)
      let state = try await ClusterState.observe(etcd, managed: [], progress: Console.progress)
      return try await Preflight.check(
        etcd, as: credentials, desired: desired, state: state, applicant: applicant,
        shared: sharedOptions.shared)
    }
    Console.clearProgress()
    let report = PreflightReport(preflight, cluster: workspace.file.cluster, pods: uses)
    try Console.out(report, outputOption)
    if !report.isSafe { throw ExitCode(2) }
  }
}
