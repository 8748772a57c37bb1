import Etcd
import FoundationEssentials
import Keyspace
import Names
import Segmentation
import Text
import Verification

/// Whether the segmentation is in force on every member: what is stored, what each identity may do range by
/// range, and whether the members can be trusted to enforce it.
package struct VerifyReport: CheckReport, Sendable {
  struct Finding: Encodable, Hashable, Sendable {
    let identity: String
    let question: String
    let endpoint: String
    let expected: String
    let got: String
    /// The answer to the second attempt; nil if there was none.
    let gotThen: String?
    /// What to do about a question without an answer; nil if the cause does not show it.
    let cure: String?
  }
  struct Stored: Encodable, Hashable, Sendable {
    let kind: String
    let subject: String
    let meaning: String
    /// Whether the segmentation does not hold because of it.
    let breaksSegmentation: Bool
    /// Whether it is a user that reaches the file's keys or may do everything, and does not count because other people
    /// manage it: ``meaning`` says who.
    let isExempt: Bool
    let members: [String]
    /// How to bring back members; nil if every member has the difference.
    let cure: String?
  }
  struct Unread: Encodable, Hashable, Sendable {
    let member: String
    let problem: String
  }
  /// The login of a user with a password through the JSON gateway, which its client uses.
  struct Gateway: Encodable, Hashable, Sendable {
    let identity: String
    let member: String
    /// `logged in`, `off`, or why not.
    let answer: String
    /// How many reads were asked with the login's token.
    let reads: Int
    /// The reads whose answers are not the expected ones, in words.
    let wrongReads: [String]
    /// Whether the gateway refused the client, could not be asked, or gave an answer to a read that is not the expected
    /// one.
    let isFailure: Bool
  }
  /// What was asked, and what was left out.
  struct Scope: Encodable, Sendable {
    /// Which members were asked: `3 of 3 members`.
    let asked: String
    /// The options that limit what was asked; empty for everything.
    let limits: [String]
    /// The users that were probed.
    let probed: [String]
    /// The nodes that were probed; nil if all were.
    let sampledNodes: [String]?
    /// The nodes that were not probed and whose ranges were asked for all the same.
    let otherNodes: [String]
    let otherNodeCount: Int
    let nodes: Int
    /// The nodes of which a certificate is at hand.
    let nodesWithCertificate: Int
    let seed: UInt64
    /// The users that were probed with their own ranges and at most those of one other node, because an equal one is
    /// probed in full.
    let briefly: [String]
    /// Users that were not probed, and why.
    let notProbed: [NotProbed]
    /// What else was not asked, and how it is.
    let notAsked: [String]
    /// Refused probes that were left out to add fewer lines to the logs.
    let leftOut: Int
    let seconds: Double
    let requests: Int
  }
  package struct NotProbed: Encodable, Hashable, Sendable {
    package let user: String
    package let reason: String

    package init(user: String, reason: String) {
      self.user = user
      self.reason = reason
    }
  }
  /// What is read before and after the probes.
  package struct Moment: Encodable, Hashable, Sendable {
    /// The revision of the store.
    let revision: Int64
    /// The auth revision; nil if it is unknown.
    let authRevision: Int64?
    /// The members on which authentication is off.
    let authOff: [String]

    package init(revision: Int64, authRevision: Int64?, authOff: [String]) {
      self.revision = revision
      self.authRevision = authRevision
      self.authOff = authOff
    }
  }

  /// What a run found.
  package struct Outcome: Sendable {
    package let results: [ProbeResult]
    package let plan: ProbePlan
    package let stored: StoredComparison
    package let assessment: ServerAssessment
    package let before: Moment
    package let after: Moment
    package var notProbed: [NotProbed]
    /// What else was not asked, and how it is.
    package let notAsked: [String]
    package let seed: UInt64
    package let seconds: Double
    package let requests: Int
    package let gateway: [GatewayLogin]
    /// The options that limit what was asked.
    package let limits: [String]
    /// The rules of the file, checked in what the members store.
    package var rules: [(place: String, result: RuleResult)] = []

    package init(
      results: [ProbeResult], plan: ProbePlan, stored: StoredComparison, assessment: ServerAssessment,
      before: Moment, after: Moment, notProbed: [NotProbed] = [], notAsked: [String] = [], seed: UInt64 = 0,
      seconds: Double = 0,
      requests: Int = 0, gateway: [GatewayLogin] = [], limits: [String] = []
    ) {
      self.limits = limits
      self.gateway = gateway
      self.results = results
      self.plan = plan
      self.stored = stored
      self.assessment = assessment
      self.before = before
      self.after = after
      self.notProbed = notProbed
      self.notAsked = notAsked
      self.seed = seed
      self.seconds = seconds
      self.requests = requests
    }
  }

  /// What findings are made from.
  struct Parts {
    let assessment: ServerAssessment
    let trust: TrustReport
    let stored: [Stored]
    let unread: [Unread]
    let wrong: [Finding]
    let inconclusive: [Finding]
    let gateway: [Gateway]
    let notProbed: [NotProbed]
    let changedMeanwhile: String?
    let probes: Int
    let noVulnerabilityLookedFor: Bool
    let rules: [(place: String, result: RuleResult)]
  }

  let cluster: String
  /// Whether the segmentation is in force, as far as was asked, and no vulnerability was seen open; beside what is
  /// accepted.
  package let isInForce: Bool
  /// When the answers were complete.
  let at: Date
  /// SHA-256 of the file of the segmentation, in hexadecimal.
  let fileSHA256: String
  /// Everything that was found, with an id and a cure each.
  let findings: [CheckFinding]
  let trust: TrustReport
  let scope: Scope
  let probes: Int
  let stored: [Stored]
  /// Members whose users and roles could not be read.
  let unread: [Unread]
  let wrong: [Finding]
  let inconclusive: [Finding]
  let gateway: [Gateway]
  let before: Moment
  let after: Moment
  /// Why users or roles, or authentication, changed during the run; nil if they did not.
  let changedMeanwhile: String?
  /// The voting members that are unreachable.
  let unreachable: [String]
  /// Whether no request that shows a vulnerability was sent, although the members' releases have some: the
  /// identities that were asked may make all of these requests, or log in with a password.
  let noVulnerabilityLookedFor: Bool
  let matrix: Matrix

  /// - Parameters:
  ///   - origin: When it was asked, and for which file.
  ///   - acceptances: What does not count.
  package init(
    _ outcome: Outcome, segmentation: Segmentation, origin: ResultOrigin,
    accepting acceptances: Acceptances = .none
  ) {
    let results = outcome.results
    let assessment = outcome.assessment
    cluster = segmentation.cluster
    (at, fileSHA256) = (origin.at, origin.fileSHA256)
    trust = TrustReport(assessment, accepting: acceptances, readers: Self.readers(segmentation))
    scope = Scope(
      asked: trust.asked, limits: outcome.limits, probed: outcome.plan.identities.map(\.identity.user),
      sampledNodes: outcome.plan.sampledNodes, otherNodes: outcome.plan.otherNodes,
      otherNodeCount: outcome.plan.otherNodeCount,
      nodes: outcome.plan.nodeCount,
      nodesWithCertificate: outcome.plan.nodesAtHand, seed: outcome.seed,
      briefly: outcome.plan.briefly, notProbed: outcome.notProbed, notAsked: outcome.notAsked,
      leftOut: outcome.plan.leftOut,
      seconds: outcome.seconds, requests: outcome.requests)
    probes = results.count
    stored = outcome.stored.differences.map { difference in
      Stored(
        kind: difference.kind, subject: difference.subject, meaning: difference.meaning,
        breaksSegmentation: difference.breaksSegmentation, isExempt: difference.isExempt,
        members: difference.members, cure: outcome.stored.wayBack(difference))
    }
    unread = outcome.stored.unread.map { Unread(member: $0.member, problem: $0.problem) }
    wrong = results.filter { $0.verdict == .wrong }.map { Finding($0) }
    inconclusive = results.filter { $0.verdict == .inconclusive }.map { Finding($0) }
    gateway = outcome.gateway.map(Gateway.init)
    (before, after) = (outcome.before, outcome.after)
    changedMeanwhile = Self.change(before, after)
    unreachable = assessment.unreachable
    matrix = Matrix(results, segmentation: segmentation, asked: trust.asked)
    noVulnerabilityLookedFor = assessment.sightings.isEmpty && !assessment.vulnerabilities.isEmpty
    findings = Self.findings(
      Parts(
        assessment: assessment, trust: trust, stored: stored, unread: unread, wrong: wrong,
        inconclusive: inconclusive, gateway: gateway, notProbed: outcome.notProbed,
        changedMeanwhile: changedMeanwhile, probes: probes,
        noVulnerabilityLookedFor: noVulnerabilityLookedFor, rules: outcome.rules), acceptances)
    isInForce = !findings.contains { $0.severity == .error && !$0.isAccepted }
  }

  /// Whether the members can be trusted to enforce the grants, as far as is known.
  package var isTrustworthy: Bool { trust.isTrustworthy }

  private static func change(_ before: Moment, _ after: Moment) -> String? {
    if !after.authOff.isEmpty { return "authentication is off at \(after.authOff.joined(separator: ", "))" }
    guard before.authRevision != after.authRevision else { return nil }
    return "users or roles changed meanwhile: some answers may be about another state. Run verify again"
  }

  /// The identities that may read a key, each with the first key from which on the watch vulnerability shows
  /// everything.
  private static func readers(_ segmentation: Segmentation) -> [String] {
    segmentation.identities.filter { !$0.isRoot }.compactMap { identity in
      segmentation.permissions(of: identity).readable.ranges.first.map { range in
        "\(identity.user) from \(range.lower) on"
      }
    }
  }

  package func result(file: String, counting severity: FindingSeverity) -> CheckResult {
    CheckResult(
      check: "verify", file: file, rules: VerifyRules.all, findings: findings, counting: severity,
      notAsked: rulesNotAsked, limits: scope.limits)
  }

  /// The rules that this run did not look at, and why.
  private var rulesNotAsked: [String: String] {
    var reasons: [String: String] = [:]
    func leaveOut(_ rules: [CheckRule], _ reason: String) {
      for rule in rules { reasons[rule.id] = reason }
    }
    if !trust.unknownPeerPorts.isEmpty {
      leaveOut([VerifyRules.peerPort], trust.unknownPeerPorts.joined(separator: "; "))
    }
    if !trust.notCompared.isEmpty {
      leaveOut([VerifyRules.disagreement], trust.notCompared.joined(separator: "; "))
    }
    if gateway.isEmpty { leaveOut([VerifyRules.gateway], "no user with a password was asked") }
    if noVulnerabilityLookedFor { leaveOut([VerifyRules.open], VerifyRules.notLookedFor.meaning) }
    if probes == 0 {
      leaveOut(
        [VerifyRules.wrong, VerifyRules.unanswered, VerifyRules.open, VerifyRules.peerPort],
        "no certificate was at hand")
    }
    return reasons
  }
}

extension VerifyReport.Gateway {
  fileprivate init(_ login: GatewayLogin) {
    identity = login.user
    member = login.member
    reads = login.reads.count
    wrongReads = login.reads.filter(\.isWrong).map { read in
      let got =
        switch read.answer {
        case .allowed: "allowed"
        case .denied: "denied"
        case .inconclusive(let error): error.message
        }
      return "read \(read.range): expected \(read.isAllowed ? "allowed" : "denied"), got \(got)"
    }
    switch login.answer {
    case .loggedIn: (answer, isFailure) = ("logged in", !wrongReads.isEmpty)
    case .off: (answer, isFailure) = ("the gateway is off, so its client cannot work", false)
    case .refused(let message): (answer, isFailure) = ("refused: \(message)", true)
    case .unknown(let reason): (answer, isFailure) = ("unknown: \(reason)", true)
    }
  }
}

extension VerifyReport.Finding {
  fileprivate init(_ result: ProbeResult) {
    identity = result.probe.user
    question = result.probe.question.description
    endpoint = result.endpoint.description
    expected = result.probe.isAllowed ? "allowed" : "denied"
    got = Self.word(result.answer)
    gotThen = result.second.map(Self.word)
    if case .inconclusive(let error) = result.second ?? result.answer {
      cure = error.hint
    } else {
      cure = nil
    }
  }

  private static func word(_ answer: Answer) -> String {
    switch answer {
    case .allowed: "allowed"
    case .denied: "denied"
    case .inconclusive(let error): error.message
    }
  }
}
