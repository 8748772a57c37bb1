import FoundationEssentials
import Segmentation

/// A result of `verify` or `preflight` in JSON, as far as a report uses it.
package struct SavedResult: Decodable, Sendable {
  struct Scope: Decodable, Sendable {
    struct User: Decodable, Sendable { let user: String }
    let asked: String
    let limits: [String]
    let sampledNodes: [String]?
    let nodes: Int
    let notProbed: [User]
    /// Nil in results of earlier releases.
    let notAsked: [String]?
  }
  struct Trust: Decodable, Sendable {
    struct Server: Decodable, Sendable {
      let member: String
      let version: String
    }
    let servers: [Server]
    let advisoriesKnownOn: String
    let advisoryFileKnownOn: String?
    // Nil in results of earlier releases.
    let notCompared: [String]?
    let unknownPeerPorts: [String]?
  }
  struct Moment: Decodable, Sendable { let revision: Int64 }
  /// Only their number matters.
  struct Counted: Decodable, Sendable {}

  let cluster: String
  let at: Date
  let fileSHA256: String
  let findings: [CheckFinding]
  // Of verify only.
  let isInForce: Bool?
  /// Of verify only where authentication is off.
  let asked: String?
  let scope: Scope?
  let trust: Trust?
  let probes: Int?
  let wrong: [Counted]?
  let inconclusive: [Counted]?
  let before: Moment?
  let after: Moment?

  /// - Throws: `DecodingError` if the text is no such result.
  package init(json text: [UInt8]) throws {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    self = try decoder.decode(SavedResult.self, from: Data(text))
  }

  package var clusterName: String { cluster }

  /// Which verb it is of.
  package var check: String { isInForce == nil ? "preflight" : "verify" }

  /// - Parameter acceptances: What is accepted on the day of the report.
  func checked(for origin: ResultOrigin, accepting acceptances: Acceptances) -> Report.Checked {
    Report.Checked(
      check: check, at: at, isOfThisFile: fileSHA256 == origin.fileSHA256,
      findings: currentFindings(on: CalendarDay(of: origin.at), accepting: acceptances))
  }

  private func currentFindings(on today: CalendarDay, accepting acceptances: Acceptances) -> [CheckFinding] {
    // Where authentication is off, nothing can be accepted.
    guard isInForce == nil || scope != nil else { return findings }
    return findings.map { $0.accepted(by: acceptances, on: today) }
  }

  /// - Parameters:
  ///   - acceptances: What is accepted on the day of the report.
  ///   - nodes: How many nodes have users of their own by the file and its list of nodes.
  func proof(for origin: ResultOrigin, accepting acceptances: Acceptances, nodes: Int) -> Report.Proof? {
    guard let isInForce else { return nil }
    let isOfThisFile = fileSHA256 == origin.fileSHA256
    guard let scope, let trust, let before, let after else {
      // Authentication is off: nothing else was asked.
      return Report.Proof(
        at: at, isOfThisFile: isOfThisFile, isInForce: isInForce, asked: asked ?? "", members: [],
        answers: 0, wrong: 0, withoutAnswer: 0, limits: [], sampledNodes: nil, nodes: 0, notProbed: [],
        vulnerabilitiesKnownOn: "", revisions: [], notAsked: nil, doubts: age(at: origin.at))
    }
    let isAnErrorOpen = currentFindings(on: CalendarDay(of: origin.at), accepting: acceptances).contains {
      $0.severity == .error && !$0.isAccepted
    }
    var doubts = age(at: origin.at) ?? []
    if scope.nodes != nodes {
      // The list of nodes may be beside the file, so the same text does not mean the same nodes.
      doubts.append("the proof is of \(count(scope.nodes, "node")), and the report of \(nodes)")
    }
    let notAsked: [String] =
      (trust.unknownPeerPorts ?? []).map { "A peer port was not asked: \($0)." }
      + (trust.notCompared ?? []).map { "Not compared between the members: \($0)." }
      + (scope.notAsked ?? []).map { "Not asked: \($0)." }
    return Report.Proof(
      at: at, isOfThisFile: isOfThisFile, isInForce: isInForce && !isAnErrorOpen, asked: scope.asked,
      members: trust.servers.map { .init(name: $0.member, release: $0.version) }, answers: probes ?? 0,
      wrong: wrong?.count ?? 0, withoutAnswer: inconclusive?.count ?? 0, limits: scope.limits,
      sampledNodes: scope.sampledNodes, nodes: scope.nodes, notProbed: scope.notProbed.map(\.user),
      vulnerabilitiesKnownOn: max(trust.advisoriesKnownOn, trust.advisoryFileKnownOn ?? ""),
      revisions: [before.revision, after.revision], notAsked: notAsked.isEmpty ? nil : notAsked,
      doubts: doubts.isEmpty ? nil : doubts)
  }

  /// Up to this age in days, a proof counts.
  private static let mostDays = 7

  /// Why it is too old to count; nil if it is not.
  private func age(at moment: Date) -> [String]? {
    let days = Int(moment.timeIntervalSince(at) / 86_400)
    guard moment.timeIntervalSince(at) > Double(Self.mostDays) * 86_400 else { return nil }
    return ["the proof is \(days) days old, more than \(Self.mostDays)"]
  }
}

extension Report {
  /// - Throws: `DecodingError` if the text is no report in JSON.
  package init(json text: [UInt8]) throws {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    self = try decoder.decode(Report.self, from: Data(text))
  }
}
