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
  @OptionGroup var nodesOption: NodesOption
  @OptionGroup var outputOption: OutputOption
  @OptionGroup var timeoutOption: TimeoutOption
  @OptionGroup var lockOption: LockOption

  func run() async throws {
    let workspace = try Workspace(fileOption, nodes: nodesOption)
    try workspace.warnOfCertificatesBesidePasswords()
    let applicant = try workspace.applicant()
    let work = Task { [self] in
      try await EtcdClient.connect(
        to: workspace.file.etcd.endpoints, as: try workspace.administrator, timeout: timeoutOption.duration
      ) { etcd in
        try await lockOption.holdingLock(of: etcd) { lock in
          try await apply(workspace, applicant, etcd, lock)
        }
      }
    }
    let interrupt = Interrupt { work.cancel() }
    defer { interrupt.ignore() }
    let report = try await work.value
    Console.clearProgress()
    switch outputOption.output {
    case .text: Console.out(report.text(Console.style))
    case .json: Console.out(try JSON.text(report))
    }
    if !report.isComplete { throw ExitCode(2) }
    if case .off = report.authentication { Console.note("hint: 'bulkhead apply --enable-auth' turns it on") }
  }

  private func apply(
    _ workspace: Workspace, _ applicant: String, _ etcd: EtcdClient, _ lock: ClusterLock
  ) async throws -> ApplyReport {
    let desired = DesiredState(workspace.segmentation)
    func observe() async throws -> (ClusterState, Plan) {
      let state = try await ClusterState.observe(
        etcd, managed: Set(desired.users.map(\.name)), passwords: try workspace.passwordCandidates(),
        progress: Console.progress)
      return (state, Plan(from: state, to: desired, applicant: applicant))
    }

    let (before, plan) = try await observe()
    if !plan.removals.isEmpty, !yes {
      let report = PlanReport(plan, cluster: workspace.file.cluster, authEnabled: before.authEnabled)
      Console.note(report.text(Console.errorStyle))
      guard Console.confirms("Take these accesses away?") else {
        throw Complaint("nothing was changed", hint: "to take accesses away without being asked, add --yes")
      }
    }
    let started = ContinuousClock.now
    try await Apply(etcd, lock: lock, password: workspace.passwords.make)(plan, desired: desired) {
      index, change in
      let time = (ContinuousClock.now - started).inWords
      Console.progress("\(index + 1) of \(plan.changes.count), \(time): \(change.words)")
    }
    let time = ContinuousClock.now - started
    func report(_ authentication: ApplyReport.Authentication, remaining: Plan? = nil) -> ApplyReport {
      ApplyReport(
        plan, cluster: workspace.file.cluster, time: time, authentication: authentication,
        remaining: remaining)
    }
    guard enableAuth, !before.authEnabled else { return report(before.authEnabled ? .on : .off) }

    _ = try await EnableAuth(etcd)(
      applicant: applicant, state: try await observe().0,
      secret: UUID().uuidString + UUID().uuidString, progress: Console.progress)
    // Whether anybody can log in as a user can only be tried now.
    return report(.turnedOn, remaining: try await observe().1)
  }
}

extension Duration {
  /// `0.4 s`.
  var inWords: String {
    let tenths = components.seconds * 10 + components.attoseconds / 100_000_000_000_000_000
    return "\(tenths / 10).\(tenths % 10) s"
  }
}
