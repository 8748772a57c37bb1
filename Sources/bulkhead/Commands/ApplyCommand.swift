import Arguments
import Certificates
import Etcd
import FoundationEssentials
import Reconciliation
import Release
import Reporting
import Segmentation
import Services
import Terminal
import Text
import Verification

struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Create and change etcd's users and roles as the file asks.",
    discussion: """
      Does what 'bulkhead plan' shows, in that order, and reads changed users and roles back. Safe to stop and to run again: \
      Ctrl-C finishes the changes in flight. A second run changes nothing. A second process waits for the first: see --wait.

      Changes that remove access are listed first and need --yes, or an answer on a terminal.

      With a file that 'bulkhead plan --out' wrote, makes exactly the changes in it, without a question: they were \
      reviewed. It makes none, and says what is different, if since then the file, the nodes, the catalogue, Bulkhead's \
      version, its record or any user or role in etcd has changed:
        bulkhead plan --out change.plan && bulkhead apply change.plan

      Each apply is in 'bulkhead history', and 'bulkhead undo' takes the last one back, except for passwords.

      From one shared certificate to one for each program, without locking a client out:
        bulkhead apply --stage prepare --shared CN   new users beside the old one, which keeps its access
        bulkhead apply --stage switch --shared CN    authentication on, if it is off
        (give each program its certificate: 'bulkhead manifest' and a rollout)
        kubectl get pods -A -o json | bulkhead apply --stage clean --shared CN --pods -
      Writes in flight during switch may fail with 'etcdserver: user name is empty'; their clients must retry. switch \
      reports how many.
      Authentication is not turned on while keys exist that no user but administrators could reach: see --unreachable. \
      Afterwards refused requests are counted, and if there are any, it is turned off again: see --watch.
      clean counts refused requests before and after, and recreates the old user if there are more.
      """)

  @Argument(help: "A plan that 'bulkhead plan --out' wrote.") var plan: String?

  @Flag(
    help: "Turn authentication on afterwards, if the certificate can administer etcd then.")
  var enableAuth = false

  @Flag(help: "Do not ask before removing access.")
  var yes = false

  @Option(
    help: """
      With --yes: how many users and roles may be deleted that the file does not name. Default 20; 0 while other clients \
      may write the record of what Bulkhead created, or if the file names nothing in it.
      """)
  var mostDeletions: Int?

  @OptionGroup var targetOption: TargetOption
  @OptionGroup var takeOverOption: TakeOverOption

  @Option(
    help: ArgumentHelp(
      "Make at most so many changes a second. Each change refuses writes of other clients that are in flight.",
      valueName: "n"))
  var pace: Int?

  @Flag(help: "Read every user and role, even if nothing seems to have changed.")
  var full = false

  @OptionGroup(title: "What lint refuses") var dangers: DangerOptions
  @OptionGroup var watchOption: WatchOption
  @OptionGroup var unreachableOption: UnreachableOption
  @OptionGroup(title: "Stages") var stages: StageOptions
  @OptionGroup var fileOption: FileOption
  @OptionGroup var nodesOption: NodesOption
  @OptionGroup var outputOption: OutputOption
  @OptionGroup var timeoutOption: TimeoutOption
  @OptionGroup var lockOption: LockOption

  private var turnsOn: Bool { enableAuth || stages.stage == .switch }

  func validate() throws {
    if lockOption.noLock, turnsOn || stages.stage != nil {
      throw ValidationError("--no-lock only removes access: without --stage and --enable-auth")
    }
    if plan != nil {
      let excluded: [(Bool, String)] = [
        (yes, "--yes"), (full, "--full"), (takeOverOption.takeOver, "--take-over"),
        (enableAuth, "--enable-auth"),
        (stages.stage != nil, "--stage"), (lockOption.noLock, "--no-lock"),
        (!targetOption.targets.isEmpty, "--target"),
      ]
      if let option = excluded.first(where: \.0)?.1 {
        throw ValidationError("\(option) has no effect on a saved plan")
      }
    }
    if !targetOption.targets.isEmpty, enableAuth || stages.stage != nil || lockOption.noLock {
      throw ValidationError("--target excludes --enable-auth, --stage and --no-lock")
    }
    if let mostDeletions {
      guard yes else { throw ValidationError("--most-deletions has an effect only with --yes") }
      guard mostDeletions >= 0 else { throw ValidationError("--most-deletions takes 0 or a positive number") }
    }
    if !unreachableOption.prefixes.isEmpty, !turnsOn {
      throw ValidationError("--unreachable belongs to --enable-auth and --stage switch")
    }
    if watchOption.watch == 0, stages.stage == .clean {
      throw ValidationError("--watch takes 1 to 3600 seconds with --stage clean")
    }
    guard pace.map((1...10_000).contains) ?? true else {
      throw ValidationError("--pace takes 1 to 10000 changes a second")
    }
    if enableAuth, stages.stage != nil {
      throw ValidationError("with --stage, authentication is turned on by 'switch' and not by --enable-auth")
    }
  }

  func run() async throws {
    let workspace = try Workspace(fileOption, nodes: nodesOption)
    let reviewed = try plan.map(SavedPlan.read)
    try workspace.warnOfCertificatesBesidePasswords()
    // --no-lock only removes access.
    if !lockOption.noLock { try dangers.check(workspace) }
    let takesOver = reviewed?.takesOver ?? takeOverOption.takeOver
    let goal = try workspace.goal(takesOver: takesOver)
    let administrator = try workspace.administrator
    let stage = try stages.request()
    let scope = ApplyScope(reviewed: reviewed, targets: targetOption.targets, workspace.segmentation)
    try await withCancellation { [self] in
      if reviewed != nil { try WayBackFile(workspace).checkReviewed() }
      let isRecovered = try await WayBackFile(workspace).recover(workspace, timeout: timeoutOption.duration)
      try await EtcdClient.connectToMembers(
        behind: workspace.file.etcd.endpoints, as: administrator, timeout: timeoutOption.duration
      ) { etcd, members in
        Console.note(members)
        let survey = try await Survey.take(etcd, as: administrator, members: members)
        if !full, reviewed == nil, !lockOption.noLock, stages.stage == nil, survey.authEnabled || !enableAuth,
          let applied = try goal.applied(according: survey)
        {
          let report = UnchangedReport(
            applied, cluster: workspace.file.cluster, authEnabled: survey.authEnabled, members: members)
          return try Console.out(report, outputOption)
        }
        if let warning = survey.alarmWarning { Console.note("warning: \(warning)") }
        for unknown in lockOption.noLock ? [] : try await survey.checkSpace(as: administrator) {
          Console.note("note: the quota of the member \(unknown.member) is unknown (\(unknown.reason))")
        }
        if turnsOn {
          try survey.checkBeforeEnablingAuth()
          if !survey.authEnabled { try checkReleases(members, workspace) }
          if !survey.authEnabled { noteConsequences(workspace.file) }
        }
        try await Console.noteLogins(etcd, survey)
        let (report, notGivenBack) = try await lockOption.holdingLock(of: etcd) {
          lock -> (ApplyReport, Int) in
          let run = ApplyRun(
            etcd, as: administrator, lock: lock, stage: stage,
            switching: turnsOn
              ? ApplyRun.Switch(
                unreachable: unreachableOption.keys,
                watch: watchOption.request(WatchOption.switching, workspace.file),
                wayBacks: WayBackFile(workspace).keeper)
              : nil, removalWatch: watchOption.request(WatchOption.removal, workspace.file),
            pace: pace.map(Double.init), version: Version.current, scope: scope,
            origin: HistoryOrigin(.apply, by: .thisProcess, source: workspace.source),
            interaction(workspace, members, etcd, takesOver: takesOver, isRecovered: isRecovered))
          let outcome = try await run.run()
          let report = ApplyReport(
            outcome, cluster: workspace.file.cluster, members: members,
            isLimited: !targetOption.targets.isEmpty)
          return (report, outcome.notGivenBack)
        }
        Console.clearProgress()
        try Console.out(report, outputOption)
        if !report.isComplete || notGivenBack > 0 { throw ExitCode(2) }
        if let next = stages.next {
          Console.note("hint: \(next)")
        } else if case .off = report.authentication {
          Console.note("hint: 'bulkhead apply --enable-auth' turns it on")
        }
      }
    }
  }

  /// - Throws: ``CommandError`` if the release of a member must not run with authentication by an advisory that the file
  ///   does not accept: the same as preflight's PF018.
  private func checkReleases(_ members: ClusterMembers, _ workspace: Workspace) throws {
    let list = try AdvisoryList.embedded()
    let acceptances = workspace.acceptances()
    for member in members.all {
      guard let version = member.version else { continue }
      for advisory in list.all where advisory.breaksAuthentication && advisory.affects(version) {
        guard
          acceptances.reason(for: [advisory.id] + advisory.aliases, at: "etcd \(version)") == nil
        else { continue }
        throw CommandError(
          "authentication is not turned on: the member \(member.name) runs etcd \(version): \(advisory.title): \(advisory.effect)",
          hint: "\(advisory.remedy), or accept \(advisory.id) under 'accept' in the file")
      }
    }
  }

  /// Says what authentication changes for other clients, before it is turned on.
  private func noteConsequences(_ file: SegmentationFile) {
    Console.note("note: once authentication is on,")
    for line in EnableAuth.consequences { Console.note("  - \(line)") }
    for known in file.knownRefusals {
      Console.note("  - etcd refuses that \(known.words)\(known.cure.map { ": \($0)" } ?? "")")
    }
  }

  private func interaction(
    _ workspace: Workspace, _ members: ClusterMembers, _ etcd: EtcdClient, takesOver: Bool,
    isRecovered: Bool
  ) -> ApplyRun.Interaction {
    ApplyRun.Interaction(
      goal: { try workspace.goal(takesOver: takesOver) },
      password: workspace.passwords.make,
      confirm: { question in
        Console.noteDemotions(question.plan, workspace.segmentation, members)
        // Who reviewed the plan has seen each removal.
        guard plan == nil else { return }
        let unchanged = Self.unchanged(question, isRecovered: isRecovered)
        guard !yes else { return try checkDeletions(question, unchanged) }
        let report = PlanReport(
          question.plan, cluster: workspace.file.cluster, authEnabled: question.authEnabled)
        Console.note(report.text(Console.errorStyle))
        for user in question.leaving { Console.note("and then the user \(quoted(user)) is deleted") }
        if !question.deletions.isEmpty, let doubt = question.recordDoubt {
          Console.note(
            "warning: \(doubt): check that \(visible(question.deletions.joined(separator: ", "))) may be deleted"
          )
        }
        guard Console.confirms("Remove this access?") else {
          throw CommandError(unchanged, hint: "to remove access without being asked, add --yes")
        }
      },
      progress: Console.progress,
      planned: { plan in
        guard let cost = try? await AuthCost.measure(etcd),
          let refused = EstimateReport.refused(Estimate(plan, from: ClusterState(), cost: cost))
        else { return }
        Console.note("note: \(refused)")
      }, applying: { Console.progress($0.words) },
      note: { Console.note("note: \($0)") })
  }
}

extension ApplyCommand {
  /// What a run says that stops at the question.
  private static func unchanged(_ question: ApplyRun.Confirmation, isRecovered: Bool) -> String {
    let before = [
      isRecovered ? "authentication is off again" : nil,
      question.restored.isEmpty
        ? nil : "given back was the access of \(visible(question.restored.joined(separator: ", ")))",
    ].compactMap { $0 }
    return before.isEmpty
      ? "nothing was changed" : "nothing else was changed (\(before.joined(separator: "; ")))"
  }

  /// Deletions that only the record or `management: authoritative` justifies, without a person who looks.
  private func checkDeletions(_ question: ApplyRun.Confirmation, _ unchanged: String) throws {
    let names = question.deletions
    let most = mostDeletions ?? (question.recordDoubt == nil ? 20 : 0)
    guard names.count > most else { return }
    let shown = visible(names.prefix(10).joined(separator: ", ")) + (names.count > 10 ? ", …" : "")
    throw CommandError(
      "\(unchanged): the plan deletes \(names.count) users and roles that the file does not name (\(shown)), "
        + "and --yes covers \(most)" + (question.recordDoubt.map { ", because \($0)" } ?? ""),
      hint: "look at 'bulkhead plan', and add --most-deletions \(names.count) if all of them may be deleted")
  }
}

extension Console {
  /// Says what kube-apiserver cannot do once it loses the role root.
  static func noteDemotions(_ plan: Plan, _ segmentation: Segmentation, _ members: ClusterMembers) {
    let users = plan.demotions(DesiredState(segmentation)).map(\.name)
    guard !users.isEmpty else { return }
    let releases = members.all.compactMap { member in member.version.map { (member.name, $0) } }
    for effect in APIServerWithoutRoot.effects(at: releases) {
      note("note: kube-apiserver (\(visible(users.joined(separator: ", ")))): \(visible(effect.words))")
    }
  }
}

extension Duration {
  /// `0.4 s`.
  var inWords: String {
    let tenths = components.seconds * 10 + components.attoseconds / 100_000_000_000_000_000
    return "\(tenths / 10).\(tenths % 10) s"
  }
}
