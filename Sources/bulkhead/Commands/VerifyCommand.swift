import Arguments
import Etcd
import Files
import FoundationEssentials
import Keyspace
import Reconciliation
import Reporting
import Segmentation
import Synchronization
import Terminal
import Verification

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove on the live cluster what each identity can and cannot do.",
    discussion: """
      Reads the users, roles, permissions and passwords of every member and compares them with the file. Then asks \
      every member, with each identity's certificate, for everything that is granted and for a spread of what is \
      not: the keys next to every range, ranges that other roles have, Kubernetes' keys, the APIs of administrators. \
      Nothing is written, no data is read, no event is awaited: the store's revision is the same before and after.

      With a user for each node, a sample of the nodes is asked (--sample, --all); all are compared.
      """)

  @Flag(help: "Exit with 2 also if the servers' releases have known vulnerabilities.")
  var strict = false

  @OptionGroup var probeOptions: ProbeOptions
  @OptionGroup var advisoryOptions: AdvisoryOptions
  @OptionGroup var quotaOption: QuotaOption
  @OptionGroup var fileArgument: FileArgument
  @OptionGroup var outputOption: FindingsOutputOption
  @OptionGroup var timeoutOption: TimeoutOption
  @OptionGroup var waitOption: WaitOption

  private var fileOption: FileOption { fileArgument.fileOption }

  func run() async throws {
    let workspace = try Workspace(fileOption)
    try workspace.warnOfCertificatesBesidePasswords()
    let advisories = try advisoryOptions.list(otherIDs: VerifyRules.all.map(\.id))
    let clients = try ProbeClients(workspace, probeOptions)
    defer { clients.remove() }
    let report = try await EtcdClient.connectToMembers(
      behind: workspace.file.etcd.endpoints, as: try workspace.administrator, timeout: timeoutOption.duration
    ) { etcd, members in
      Console.note(members)
      try await waitOption.untilLockIsFree(etcd)
      return try await verify(workspace, clients, etcd, members, advisories)
    }
    Console.clearProgress()
    try Console.out(
      report, outputOption, file: fileOption.file, counting: strict ? .warning : .error)
    if !report.isInForce || (strict && !report.isTrustworthy) { throw ExitCode(2) }
  }

  func verify(
    _ workspace: Workspace, _ clients: ProbeClients, _ etcd: EtcdClient, _ members: ClusterMembers,
    _ advisories: AdvisoryList
  ) async throws -> VerifyReport {
    let administrator = try workspace.administrator
    let timeout = timeoutOption.duration
    let off = await authOff(members, etcd)
    guard off.isEmpty else {
      try Console.out(
        AuthOffReport(
          cluster: workspace.file.cluster, asked: members.asked, authOff: off, origin: workspace.origin()),
        outputOption, file: fileOption.file, counting: .error)
      Console.note("hint: 'bulkhead apply --enable-auth' turns it on")
      throw ExitCode(2)
    }
    var assessment = try await ServerAssessment.of(
      members, etcd, as: administrator, advisories: advisories, quota: quotaOption.bytes)
    assessment = try limited(assessment)
    assessment = await assessment.askingPeerPorts(as: clients.all)

    let stored = await StoredComparison.of(
      assessment.members, etcd, workspace.segmentation, passwords: try workspace.passwordCandidates(),
      protecting: try await workspace.goal().protected(in: etcd), progress: Console.progress)
    let plan = ProbePlan(
      for: clients.segmentation, stored: stored.ranges,
      selection: probeOptions.selection(available: clients.users, also: clients.also),
      withStreams: assessment.members.allSatisfy { $0.status.version >= EtcdVersion(3, 7, 0) },
      members: assessment.members.count)
    guard !plan.isTooLarge else {
      throw CommandError(
        "these are more than \(ProbeOptions.mostQuestions) questions",
        hint:
          "without --all equal identities are probed in full once; --sample probes fewer nodes, --identity single "
          + "ones, --member fewer members")
    }
    let total = plan.probes.count * assessment.members.count
    Console.note(
      "\(total) questions to \(assessment.members.map(\.name).joined(separator: ", ")); refused ones add at most "
        + "\(plan.logLines(askedMembers: assessment.members.count)) lines to the log of each member, and passwords "
        + "that are tried up to \(stored.counts.users)")

    assessment = try await seekingVulnerabilities(assessment, plan, clients, stored, etcd)
    let started = ContinuousClock.now
    let before = try await moment(assessment.agreement, [], etcd)
    let pace = ProbePace(rate: probeOptions.rate)
    let verify = Verify(members: assessment.members, timeout: timeout, pace: pace)
    let done = Atomic(0)
    var results: [ProbeResult] = []
    var gateway: [GatewayLogin] = []
    for (identity, probes) in plan.identities {
      guard let client = clients[identity.user] else { continue }
      if let login = client.login {
        gateway += await login.overGateway(
          of: assessment.members, as: client.credentials, probes, timeout: timeout)
      }
      results += try await verify.run(
        probes, as: client.credentials, login: client.login, isNameless: client.isNameless
      ) {
        let count = done.add(1, ordering: .relaxed).newValue
        if count % 20 == 0 { Console.progress("\(count) of \(total) questions, now as \(identity.user)") }
      }
    }
    let after = try await moment(
      members.agreement(as: administrator, largestHashed: 0), await authOff(members, etcd), etcd)
    var outcome = VerifyReport.Outcome(
      results: results, plan: plan, stored: stored, assessment: assessment, before: before, after: after,
      notProbed: clients.notProbed(by: plan, isComplete: probeOptions.all),
      notAsked: clients.notAsked, seed: UInt64(probeOptions.seed),
      seconds: (ContinuousClock.now - started) / .seconds(1), requests: pace.sent,
      gateway: gateway, limits: probeOptions.limits)
    outcome.rules =
      workspace.file.ruleResults(in: workspace.segmentation).map { ("the file", $0) }
      + stored.ruleResults(workspace.file)
    return VerifyReport(
      outcome, segmentation: clients.segmentation, origin: workspace.origin(),
      accepting: workspace.acceptances(known: advisories, options: advisoryOptions.accept))
  }

  /// The members at which authentication is off. A member that does not answer is reported elsewhere.
  private func authOff(_ members: ClusterMembers, _ etcd: EtcdClient) async -> [String] {
    var off: [String] = []
    for member in members.reachable {
      guard let endpoint = member.endpoint else { continue }
      if (try? await etcd.only(endpoint).isAuthEnabled()) == false { off.append(member.name) }
    }
    return off
  }

  /// Only the members that the user asked for.
  private func limited(_ assessment: ServerAssessment) throws -> ServerAssessment {
    guard !probeOptions.members.isEmpty else { return assessment }
    let known = assessment.cluster?.voting.map(\.name) ?? []
    if let unknown = probeOptions.members.first(where: { !known.contains($0) }) {
      let isLearner = assessment.cluster?.learners.contains { $0.name == unknown } ?? false
      throw CommandError(
        isLearner
          ? "the member '\(unknown)' is a learner, which answers no questions"
          : "the cluster has no voting member '\(unknown)'",
        hint: "it has \(known.joined(separator: ", "))")
    }
    return assessment.only(Set(probeOptions.members))
  }

  /// Asks with each kind of identity for what only a vulnerability permits.
  private func seekingVulnerabilities(
    _ assessment: ServerAssessment, _ plan: ProbePlan, _ clients: ProbeClients,
    _ stored: StoredComparison, _ etcd: EtcdClient
  ) async throws -> ServerAssessment {
    var assessment = assessment
    // Without one, the requests that need a lease of another client are left out.
    let leases = ((try? await etcd.leasesWithKeys()) ?? []).map { LeaseWithKey($0.lease, $0.key) }
    var kinds: Set<[String]> = []
    for (identity, _) in plan.identities {
      guard let client = clients[identity.user], client.login == nil,
        client.isNameless || kinds.insert(identity.roles.sorted()).inserted
      else { continue }
      Console.progress("looking for vulnerabilities as \(identity.user)")
      assessment = try await assessment.lookingForVulnerabilities(
        as: Asker(
          name: identity.user,
          // What a member permits because it stores more than the file gives is no vulnerability.
          permissions: clients.segmentation.permissions(of: identity)
            .union(stored.permissions(ofUser: identity.user)),
          credentials: client.credentials, isNameless: client.isNameless, leases: leases),
        timeout: timeoutOption.duration)
    }
    return assessment
  }

  private func moment(
    _ agreement: MemberAgreement?, _ authOff: [String], _ etcd: EtcdClient
  ) async throws -> VerifyReport.Moment {
    var authRevision: Int64?
    if case .same(let revision) = agreement?.authRevision { authRevision = revision }
    return VerifyReport.Moment(
      revision: try await etcd.revision(), authRevision: authRevision, authOff: authOff)
  }
}
