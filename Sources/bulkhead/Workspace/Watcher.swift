import Certificates
import Etcd
import FoundationEssentials
import Reconciliation
import Reporting
import Segmentation
import Terminal
import Text
import Verification

/// Looks at a cluster again and again, and remembers what does not have to be read again.
struct Watcher: Sendable {
  /// What one look found.
  struct Look: Sendable {
    let state: WatchState
    let at: Date
    let seconds: Double
    /// Whether all users and roles were read.
    let readAll: Bool
    /// The certificates that expire first; nil if they were not read again.
    let certificates: [(name: String, notAfter: Date)]?
  }

  private let fileOption: FileOption
  private let nodesOption: NodesOption
  private let timeout: Duration
  private let advisories: AdvisoryList
  private let accepted: [String]
  private let verifyEvery: Duration?
  private let endsAccess: Bool

  /// What the last look that succeeded found.
  private var state: WatchState
  /// What its plan follows from.
  private var planKey: String?
  private var lastProof: ContinuousClock.Instant?
  private var lastCertificates: ContinuousClock.Instant?

  /// A larger store is not hashed at each look, in bytes: members commit no writes meanwhile.
  private static let largestHashed: Int64 = 16 << 20
  /// How often the ledger is read.
  private static let certificatesEvery = Duration.seconds(600)
  /// How many certificates have a metric.
  private static let mostCertificates = 100

  init(
    _ fileOption: FileOption, _ nodesOption: NodesOption, timeout: Duration, advisories: AdvisoryList,
    accepting accepted: [String], verifyEvery: Duration?, endsAccess: Bool
  ) throws {
    self.fileOption = fileOption
    self.nodesOption = nodesOption
    self.timeout = timeout
    self.advisories = advisories
    self.accepted = accepted
    self.verifyEvery = verifyEvery
    self.endsAccess = endsAccess
    // A file that cannot be used from the beginning is an error.
    state = WatchState(cluster: try Workspace(fileOption, nodes: nodesOption).file.cluster)
  }

  /// Looks once. It does not fail: the state says why nothing could be found out.
  mutating func look() async -> Look {
    let started = ContinuousClock.now
    var readAll = false
    var certificates: [(name: String, notAfter: Date)]?
    var shown = state
    do {
      let workspace = try Workspace(fileOption, nodes: nodesOption)
      if lastCertificates.map({ started - $0 >= Self.certificatesEvery }) ?? true {
        certificates = try Self.certificates(of: workspace)
        lastCertificates = started
      }
      let isProofDue = verifyEvery.map { every in lastProof.map { started - $0 >= every } ?? true } ?? false
      let found = try await EtcdClient.connectToMembers(
        behind: workspace.file.etcd.endpoints, as: try workspace.administrator, timeout: timeout
      ) { [self] etcd, members in
        try await look(workspace, etcd, members, isProofDue: isProofDue)
      }
      (state, planKey, readAll) = (found.state, found.planKey, found.readAll)
      if isProofDue { lastProof = started }
      shown = state
    } catch {
      let complaint = CommandError(error)
      shown.problem = complaint.message
    }
    return Look(
      state: shown, at: Date(), seconds: (ContinuousClock.now - started) / .seconds(1), readAll: readAll,
      certificates: certificates)
  }

  private struct Found: Sendable {
    var state: WatchState
    var planKey: String?
    var readAll = false
  }

  private func look(
    _ workspace: Workspace, _ etcd: EtcdClient, _ members: ClusterMembers, isProofDue: Bool
  ) async throws -> Found {
    let administrator = try workspace.administrator
    var found = Found(state: state, planKey: nil)
    found.state.problem = nil
    found.state.members = members.all.map { member in
      .init(
        name: member.name,
        reach: member.isLearner ? .learner : member.endpoint == nil ? .unreachable : .reachable,
        version: member.version.map { "\($0)" })
    }
    found.state.vulnerabilities = vulnerabilities(of: members, workspace.acceptances(accepted))
    var survey: Survey
    do {
      survey = try await Survey.take(
        etcd, as: administrator, members: members, largestHashed: Self.largestHashed)
    } catch let difference as MembersDiffer {
      found.state.disagreement = "\(difference)"
      return found
    }
    found.state.disagreement = nil
    found.state.authEnabled = survey.authEnabled
    found.state.alarms = survey.alarms.map { alarm in
      let name = members.all.first { $0.id == alarm.memberID }?.name
      return .init(member: name ?? String(alarm.memberID, radix: 16), kind: alarm.kind.rawValue)
    }
    let goal = try workspace.goal()
    if endsAccess, survey.lock == nil, !survey.endedAccess(of: goal.owner).isEmpty {
      // If another process changes users and roles, the next look tries again.
      var option = WaitOption()
      option.wait = 0
      let ended = try await option.holdingLock(of: etcd) { try await workspace.endAccess(of: nil, etcd, $0) }
      for user in ended { Console.note("the access of \(quoted(user)) is ended: its time was over") }
      survey = try await Survey.take(
        etcd, as: administrator, members: members, largestHashed: Self.largestHashed)
    }
    found.state.temporaryAccess = survey.temporaryAccess(of: goal.owner).map { access in
      TemporaryAccessLine(
        user: access.user, role: access.roles.joined(separator: ", "), until: access.until,
        isOver: access.isOver(at: survey.takenAt))
    }
    found.planKey = try goal.planKey(survey)
    if found.planKey == nil || found.planKey != planKey {
      if let applied = try goal.applied(according: survey) {
        found.state.showUnchanged(left: applied.leftAlone)
      } else {
        do {
          found.state.show(try await goal.plan(for: etcd, survey).plan)
        } catch let difference as MembersDiffer {
          found.state.disagreement = "\(difference)"
          found.planKey = nil
        }
        found.readAll = true
      }
    }
    if isProofDue {
      found.state.proof = await proof(workspace, etcd, members, authEnabled: survey.authEnabled)
    }
    return found
  }

  /// The known vulnerabilities of the members' releases that neither the file nor `--accept` accepts.
  private func vulnerabilities(
    of members: ClusterMembers, _ acceptances: Acceptances
  ) -> [WatchState.Vulnerability] {
    advisories.all.compactMap { advisory in
      let affected = members.all.filter { $0.version.map(advisory.affects) ?? false }
      let versions = Set(affected.compactMap(\.version)).sorted().map(\.description).joined(separator: ", ")
      guard !affected.isEmpty,
        acceptances.reason(for: [advisory.id] + advisory.aliases, at: "etcd \(versions)") == nil
      else { return nil }
      return .init(id: advisory.id, kind: advisory.kind.rawValue, members: affected.map(\.name))
    }
  }

  /// The same as `bulkhead verify`.
  private func proof(
    _ workspace: Workspace, _ etcd: EtcdClient, _ members: ClusterMembers, authEnabled: Bool
  ) async -> WatchState.Proof {
    guard authEnabled else {
      return WatchState.Proof(at: Date(), isInForce: false, problem: "authentication is off")
    }
    var command = VerifyCommand()
    command.fileArgument.option = fileOption
    command.timeoutOption.timeout = Int(timeout.components.seconds)
    command.advisoryOptions.accept = accepted
    do {
      let clients = try ProbeClients(workspace, command.probeOptions)
      defer { clients.remove() }
      let report = try await command.verify(workspace, clients, etcd, members, advisories)
      Console.clearProgress()
      return WatchState.Proof(at: Date(), isInForce: report.isInForce)
    } catch {
      Console.clearProgress()
      return WatchState.Proof(at: Date(), isInForce: false, problem: CommandError(error).message)
    }
  }

  /// Bulkhead's own certificate, its authority, and the clients' certificates in the ledger that expire first.
  private static func certificates(of workspace: Workspace) throws -> [(name: String, notAfter: Date)] {
    let now = Date()
    var found: [(name: String, notAfter: Date)] = []
    for (name, path) in [
      ("etcd.certificate", workspace.file.etcd.certificate), ("etcd.ca", workspace.file.etcd.ca),
    ] {
      found.append((name, try CertificateFacts(file: workspace.path(path)).notAfter))
    }
    if let authority = try? CertificateFacts(file: "\(workspace.authority)/ca.crt") {
      found.append(("authority", authority.notAfter))
    }
    if let ledger = try workspace.ledgerIfPresent() {
      // Of several certificates of one identity the last one counts.
      var last: [String: Date] = [:]
      for entry in try ledger.entries()
      where entry.purpose == .client && entry.revokedAt == nil
        && entry.notAfter > now.addingTimeInterval(-86_400)
      {
        let name = entry.node.map { "\(entry.identity) on \($0)" } ?? entry.identity
        last[name] = max(last[name] ?? .distantPast, entry.notAfter)
      }
      found += last.map { ($0.key, $0.value) }.sorted { ($0.1, $0.0) < ($1.1, $1.0) }
        .prefix(mostCertificates)
    }
    return found
  }
}
