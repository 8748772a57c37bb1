import ArgumentParser
import Etcd
import Foundation
import Reconciliation
import Reporting

struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Make the users and roles of the file in etcd.",
    discussion: """
      Does what 'bulkhead plan' shows, in that order, and reads every role back. Safe to stop and to run again: \
      Ctrl-C finishes the change in hand. A second run changes nothing.

      What takes an access away is listed first and wants --yes, or an answer on a terminal.
      """)

  @Flag(help: "Turn authentication on afterwards, if the certificate in hand can still administer etcd then.")
  var enableAuth = false

  @Flag(help: "Do not ask before taking an access away.")
  var yes = false

  @OptionGroup var fileOption: FileOption
  @OptionGroup var timeoutOption: TimeoutOption

  func run() async throws {
    let workspace = try Workspace(fileOption)
    let applicant = try workspace.applicant()
    let work = Task { [self] in
      try await EtcdClient.connect(
        to: workspace.file.etcd.endpoints, as: try workspace.administrator, timeout: timeoutOption.duration
      ) { etcd in try await apply(workspace, applicant, etcd) }
    }
    let interrupt = Interrupt { work.cancel() }
    defer { interrupt.ignore() }
    try await work.value
  }

  private func apply(_ workspace: Workspace, _ applicant: String, _ etcd: EtcdClient) async throws {
    let desired = DesiredState(workspace.segmentation)
    let managed = Set(desired.users.map(\.name))
    let state = try await ClusterState.observe(etcd, managed: managed, progress: Console.progress)
    let plan = Plan(from: state, to: desired, applicant: applicant)
    Console.clearProgress()
    if !plan.removals.isEmpty, !yes {
      Console.note(
        PlanReport(plan, cluster: workspace.file.cluster, authEnabled: state.authEnabled).text(
          Console.errorStyle))
      guard Console.confirms("Take these accesses away?") else {
        throw Complaint("nothing was changed", hint: "to take accesses away without being asked, add --yes")
      }
    }
    let style = Console.style
    let started = ContinuousClock.now
    try await Apply(etcd)(plan, desired: desired) { index, change in
      Console.progress(
        "\(index + 1) of \(plan.changes.count), \((ContinuousClock.now - started).inWords): \(change.words)")
    }
    Console.clearProgress()
    let time = (ContinuousClock.now - started).inWords
    Console.out(
      plan.isEmpty
        ? "\(workspace.file.cluster): nothing to do"
        : "\(workspace.file.cluster): \(style.good("\(plan.changes.count) changes made and read back")) in \(time)"
    )
    guard enableAuth else {
      if !state.authEnabled {
        Console.note(
          "hint: authentication is off, so nothing is enforced yet: 'bulkhead apply --enable-auth'")
      }
      return
    }
    let changed = try await EnableAuth(etcd)(
      applicant: applicant, segmentation: workspace.segmentation,
      state: try await ClusterState.observe(etcd, managed: managed),
      secret: UUID().uuidString + UUID().uuidString,
      progress: Console.progress)
    Console.clearProgress()
    Console.out(
      changed
        ? "\(workspace.file.cluster): \(style.good("authentication is on")), and \(applicant) can still administer every member"
        : "\(workspace.file.cluster): authentication was on already")
  }
}

extension Duration {
  /// `0.4 s`.
  var inWords: String {
    let tenths = components.seconds * 10 + components.attoseconds / 100_000_000_000_000_000
    return "\(tenths / 10).\(tenths % 10) s"
  }
}
