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
      Ctrl-C finishes the change in hand. A second run changes nothing. Two at once wait for each other: see --wait.

      What takes an access away is listed first and wants --yes, or an answer on a terminal.

      From one certificate that all programs share to one for each, nobody being locked out in between:
        bulkhead apply --stage prepare --shared CN   new users beside the old one, which keeps what it had
        bulkhead apply --stage switch --shared CN    authentication on, if it is off
        (give each program its certificate: 'bulkhead manifest' and a rollout)
        kubectl get pods -A -o json | bulkhead apply --stage clean --shared CN --pods -
      A write that is on its way in the instant of switch is refused by etcd, 'etcdserver: user name is empty', and not \
      done: whoever sent it has to ask again. switch says how many were.
      clean counts refused requests before and after, and gives the old user back if there are more.
      """)

  @Flag(help: "Turn authentication on afterwards, if the certificate in hand can still administer etcd then.")
  var enableAuth = false

  @Flag(help: "Do not ask before taking an access away.")
  var yes = false

  @Flag(help: "Read every user and role, also if nothing seems to have changed.")
  var full = false

  @OptionGroup(title: "Stages") var stages: StageOptions
  @OptionGroup var fileOption: FileOption
  @OptionGroup var nodesOption: NodesOption
  @OptionGroup var outputOption: OutputOption
  @OptionGroup var timeoutOption: TimeoutOption
  @OptionGroup var lockOption: LockOption

  private var turnsOn: Bool { enableAuth || stages.stage == .switch }

  func validate() throws {
    if enableAuth, stages.stage != nil {
      throw ValidationError("with --stage, authentication is turned on by 'switch' and not by --enable-auth")
    }
  }

  func run() async throws {
    let workspace = try Workspace(fileOption, nodes: nodesOption)
    try workspace.warnOfCertificatesBesidePasswords()
    let goal = try workspace.goal()
    let administrator = try workspace.administrator
    let work = Task { [self] in
      try await EtcdClient.connect(
        to: workspace.file.etcd.endpoints, as: administrator, timeout: timeoutOption.duration
      ) { etcd in
        let survey = try await Survey.take(etcd, as: administrator)
        Console.note(unknown: survey)
        if !full, stages.stage == nil, survey.authEnabled || !enableAuth,
          let applied = try goal.applied(according: survey)
        {
          let report = UnchangedReport(
            applied, cluster: workspace.file.cluster, authEnabled: survey.authEnabled)
          return try Console.out(report, outputOption)
        }
        try await survey.checkSpace(as: administrator)
        if turnsOn { try survey.checkBeforeEnablingAuth() }
        let report = try await lockOption.holdingLock(of: etcd) { lock in
          try await apply(workspace, as: administrator, etcd, lock)
        }
        Console.clearProgress()
        try Console.out(report, outputOption)
        if !report.isComplete { throw ExitCode(2) }
        if let next = stages.next {
          Console.note("hint: \(next)")
        } else if case .off = report.authentication {
          Console.note("hint: 'bulkhead apply --enable-auth' turns it on")
        }
      }
    }
    let interrupt = Interrupt { work.cancel() }
    defer { interrupt.ignore() }
    try await work.value
  }

  private func apply(
    _ workspace: Workspace, as administrator: ClientCredentials, _ etcd: EtcdClient, _ lock: ClusterLock
  ) async throws -> ApplyReport {
    let cluster = workspace.file.cluster
    // Once more, now that nobody else is at work, who may have made passwords too.
    let survey = try await Survey.take(etcd, as: administrator)
    var goal = try workspace.goal()
    let (before, whole) = try await goal.plan(for: etcd, survey, progress: Console.progress)
    let plan = try stages.plan(whole, from: before, goal)
    let leaving = stages.leaving(goal.desired)
    if !plan.removals.isEmpty || leaving != nil, !yes {
      let report = PlanReport(plan, cluster: cluster, authEnabled: before.authEnabled)
      Console.note(report.text(Console.errorStyle))
      if let leaving { Console.note("and then the user '\(leaving)' goes") }
      guard Console.confirms("Take these accesses away?") else {
        throw Complaint("nothing was changed", hint: "to take accesses away without being asked, add --yes")
      }
    }
    let started = ContinuousClock.now
    goal = try goal.withPasswords(workspace.passwords.make)
    let bookkeeping = Bookkeeping(survey, goal, lock, bulkhead: Bulkhead.configuration.version)
    try await bookkeeping.begin(plan)
    try await Apply(etcd, lock: lock, password: goal.password)(plan, desired: goal.desired) {
      Console.progress($0.words)
    }
    let time = ContinuousClock.now - started
    var shared: SharedUser.Outcome?
    if let leaving {
      shared = try await SharedUser(etcd, as: administrator).remove(
        leaving, watching: .seconds(stages.watch), progress: Console.progress)
    } else if stages.isLast {
      // Until all is done, nothing is recorded as applied.
      try await bookkeeping.finish(
        plan, authRevision: try await survey.authRevision(after: plan, of: etcd, as: administrator))
    }
    let turnsOn = turnsOn && !before.authEnabled
    var refused: Int?
    if turnsOn {
      let (applied, _) = try await goal.plan(for: etcd, survey, progress: Console.progress)
      let outcome = try await EnableAuth(etcd, as: administrator)(
        applicant: goal.applicant, state: applied, secret: UUID().uuidString + UUID().uuidString,
        progress: Console.progress)
      if case .turnedOn(let number) = outcome { refused = number }
    }
    var remaining: Plan?
    // Whether anybody can log in as a user can only be tried now, and what became of the shared user is seen now; what
    // was left for a later stage is no news.
    if turnsOn && stages.stage == nil || leaving != nil {
      remaining = try await settle(goal, as: administrator, etcd, lock)
    }
    return ApplyReport(
      plan, cluster: cluster, time: time,
      authentication: turnsOn ? .turnedOn : before.authEnabled ? .on : .off, remaining: remaining,
      refusedAtSwitch: refused, shared: shared)
  }

  /// Plans once more after what no plan knows of, and records that all is applied if nothing is left to do.
  private func settle(
    _ goal: Goal, as administrator: ClientCredentials, _ etcd: EtcdClient, _ lock: ClusterLock
  ) async throws -> Plan {
    let survey = try await Survey.take(etcd, as: administrator)
    let (_, remaining) = try await goal.plan(for: etcd, survey, progress: Console.progress)
    if remaining.isEmpty {
      try await Bookkeeping(survey, goal, lock, bulkhead: Bulkhead.configuration.version).finish(
        remaining,
        authRevision: try await survey.authRevision(after: remaining, of: etcd, as: administrator))
    }
    return remaining
  }
}

extension Duration {
  /// `0.4 s`.
  var inWords: String {
    let tenths = components.seconds * 10 + components.attoseconds / 100_000_000_000_000_000
    return "\(tenths / 10).\(tenths % 10) s"
  }
}
