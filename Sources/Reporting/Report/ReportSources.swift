import FoundationEssentials

/// A result of `verify` or `preflight` in JSON, as far as a report uses it.
package struct SavedResult: Decodable, Sendable {
  struct Scope: Decodable, Sendable {
    struct User: Decodable, Sendable { let user: String }
    let asked: String
    let limits: [String]
    let sampledNodes: [String]?
    let nodes: Int
    let notProbed: [User]
  }
  struct Trust: Decodable, Sendable {
    struct Server: Decodable, Sendable {
      let member: String
      let version: String
    }
    let servers: [Server]
    let advisoriesKnownOn: String
    let advisoryFileKnownOn: String?
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

  func checked(_ sha256: String) -> Report.Checked {
    Report.Checked(check: check, at: at, isOfThisFile: fileSHA256 == sha256, findings: findings)
  }

  func proof(_ sha256: String) -> Report.Proof? {
    guard let isInForce else { return nil }
    guard let scope, let trust, let before, let after else {
      // Authentication is off: nothing else was asked.
      return Report.Proof(
        at: at, isOfThisFile: fileSHA256 == sha256, isInForce: isInForce, asked: asked ?? "", members: [],
        answers: 0, wrong: 0, withoutAnswer: 0, limits: [], sampledNodes: nil, nodes: 0, notProbed: [],
        vulnerabilitiesKnownOn: "", revisions: [])
    }
    return Report.Proof(
      at: at, isOfThisFile: fileSHA256 == sha256, isInForce: isInForce, asked: scope.asked,
      members: trust.servers.map { .init(name: $0.member, release: $0.version) }, answers: probes ?? 0,
      wrong: wrong?.count ?? 0, withoutAnswer: inconclusive?.count ?? 0, limits: scope.limits,
      sampledNodes: scope.sampledNodes, nodes: scope.nodes, notProbed: scope.notProbed.map(\.user),
      vulnerabilitiesKnownOn: max(trust.advisoriesKnownOn, trust.advisoryFileKnownOn ?? ""),
      revisions: [before.revision, after.revision])
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
