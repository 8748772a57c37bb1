import Arguments
import Etcd
import FoundationEssentials
import Reconciliation
import Release
import Reporting
import Segmentation
import Terminal
import Text

struct PlanCommand: AsyncParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, markdown }

  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what would change in etcd, in words and as etcdctl commands.",
    discussion: """
      Compares users, roles, permissions and links with what the file wants, names every difference, and changes \
      nothing. Where neither the file nor any user or role has changed since the last apply, that is seen in a few \
      calls, however many users there are; --full reads them all. If another process is applying at that moment, it \
      shows which: the plan may be incomplete then.

      For a change that is reviewed before it is made:
        bulkhead plan --out change.plan --output markdown >comment.md
        bulkhead apply change.plan         makes exactly these changes, or says what has changed since
      The plan file contains no secret. It is not signed: who may write it and who may apply is for you to decide.
      Markdown and JSON also list who may do what that they could not before, and who no longer can.

      What 'management' leaves alone is listed and not to do; a rule of the file that does not hold is printed on \
      standard error.
      """)

  @Flag(help: "Read every user and role, even if nothing seems to have changed.")
  var full = false

  @Option(
    help: ArgumentHelp("Also write the plan to this file, for 'bulkhead apply FILE'.", valueName: "file"))
  var out: String?

  func validate() throws {
    if out == "-" {
      throw ValidationError(
        "--out takes a file: standard output has the plan for people, or with --output json")
    }
  }

  @OptionGroup var targetOption: TargetOption
  @OptionGroup var takeOverOption: TakeOverOption
  @OptionGroup var fileArgument: FileArgument
  @OptionGroup var nodesOption: NodesOption
  @Option(help: "Format of the result.") var output = Format.text
  @OptionGroup var timeoutOption: TimeoutOption

  private var fileOption: FileOption { fileArgument.fileOption }

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
      for access in survey.temporaryAccess(of: goal.owner) {
        let end = access.until.formatted(.iso8601)
        Console.note(
          access.isOver(at: survey.takenAt)
            ? "note: the access of \(quoted(access.user)) is over since \(end): apply removes the user"
            : "note: \(quoted(access.user)), which the file does not name, has access until \(end) ('bulkhead access')"
        )
      }
      if !full, out == nil, output != .markdown, survey.alarms.isEmpty,
        let applied = try goal.applied(according: survey)
      {
        let report = UnchangedReport(
          applied, cluster: cluster, authEnabled: survey.authEnabled, members: members)
        try Console.out(LockedReport(report, survey.lock), output == .json ? .json : .text)
        // What is stored is what the file asks for, and what was left alone when it was applied.
        return try check(workspace.file.ruleResults(in: workspace.segmentation).map { ("the file", $0) })
      }
      try await Console.noteLogins(etcd, survey)
      let (state, whole) = try await goal.plan(for: etcd, survey, progress: Console.progress)
      let plan = try targetOption.part(of: whole, from: state, workspace)
      let estimate = try await EstimateReport(plan, from: state, workspace.segmentation, etcd)
      Console.clearProgress()
      let lock = try await survey.lockSince(etcd)
      let targets = targetOption.targets
      switch output {
      case .text, .json:
        let report = PlanReport(
          plan, cluster: cluster, authEnabled: state.authEnabled, members: members, estimate: estimate,
          access: plan.access(from: state, cluster: cluster), targets: targets)
        try Console.out(LockedReport(report, lock), output == .json ? .json : .text)
      case .markdown:
        if lock != nil {
          Console.note("warning: another process changes users and roles: the plan may be incomplete")
        }
        Console.out(
          PlanMarkdown(
            plan, access: plan.access(from: state, cluster: cluster), cluster: cluster,
            authEnabled: state.authEnabled, members: members, targets: targets
          ).text)
      }
      if let out {
        guard lock == nil else {
          throw CommandError(
            "the plan is not written: another process changes users and roles now",
            hint: "wait until it has finished, and plan again")
        }
        let basis = try PlanBasis(goal, survey, state, bulkhead: Version.current, targets: targets)
        try SavedPlan(plan, basis, madeAt: Date()).write(to: out)
        Console.note(
          "note: the plan is in \(out); 'bulkhead apply \(ShellWord.bash(Array(out.utf8)))' makes these changes or none"
        )
      }
      Console.noteDemotions(plan, workspace.segmentation, members)
      let interrupted = try goal.interruptedRemovals(survey).filter { user in
        state.users[user.name].map { !$0.roles.isSuperset(of: user.roles) } ?? true
      }
      for user in interrupted {
        Console.note(
          user.staysAsUser
            ? "note: an apply that was killed has taken the role \(visible(user.roles.joined(separator: ", "))) from \(quoted(user.name)): the next apply gives it back"
            : "note: an 'apply --stage clean' that was killed has deleted the shared user \(quoted(user.name)): the next apply creates it again"
        )
      }
      let after = state.after(plan.changes).segmentation(
        cluster: cluster, apiservers: workspace.file.apiservers,
        kubernetesPrefix: workspace.file.kubernetesPrefix)
      try check(
        workspace.file.ruleResults(in: workspace.segmentation).map { ("the file", $0) }
          + workspace.file.ruleResults(in: after).map { ("etcd after this plan", $0) })
      if !plan.isEmpty || plan.needsAttention || !interrupted.isEmpty || !survey.alarms.isEmpty {
        throw ExitCode(2)
      }
    }
  }

  /// Reports the rules of the file that do not hold.
  private func check(_ results: [(place: String, result: RuleResult)]) throws {
    let rules = RuleResults(results)
    guard !rules.hold else { return }
    for line in rules.lines(Console.errorStyle) { Console.note(line) }
    throw ExitCode(2)
  }
}

extension Console {
  /// Says how many lines the attempts to log in with the empty password add to the members' logs, if they are many.
  static func noteLogins(_ etcd: EtcdClient, _ survey: Survey) async throws {
    guard survey.authEnabled else { return }
    let users = try await etcd.users().count
    guard users >= 50 else { return }
    note(
      "note: the empty password is tried for each of \(users) users: as many lines 'invalid authentication was requested' "
        + "in the members' logs")
  }
}
