import FoundationEssentials
import Reconciliation
import Text

/// What one look of `bulkhead watch` found.
package struct WatchState: Encodable, Hashable, Sendable {
  /// How many differences of one kind there are.
  package struct DriftCount: Encodable, Hashable, Sendable {
    let kind: String
    /// Those that `apply` removes.
    let corrected: Int
    /// Those that it leaves.
    let left: Int
  }

  package struct Member: Encodable, Hashable, Sendable {
    package enum Reach: String, Encodable, Sendable { case reachable, unreachable, learner }
    let name: String
    let reach: Reach
    let version: String?

    package init(name: String, reach: Reach, version: String?) {
      self.name = name
      self.reach = reach
      self.version = version
    }
  }

  package struct Alarm: Encodable, Hashable, Sendable {
    let member: String
    let kind: String

    package init(member: String, kind: String) {
      self.member = member
      self.kind = kind
    }
  }

  package struct Vulnerability: Encodable, Hashable, Sendable {
    let id: String
    /// `access`, `availability` or `disclosure`.
    let kind: String
    let members: [String]

    package init(id: String, kind: String, members: [String]) {
      self.id = id
      self.kind = kind
      self.members = members
    }
  }

  /// The last proof by `verify`.
  package struct Proof: Encodable, Hashable, Sendable {
    let at: Date
    let isInForce: Bool
    /// Why it could not be made; nil if it was made.
    let problem: String?

    package init(at: Date, isInForce: Bool, problem: String? = nil) {
      self.at = at
      self.isInForce = isInForce
      self.problem = problem
    }
  }

  package let cluster: String
  /// Why nothing could be found out; nil if the look succeeded. The other fields are then those of the last look
  /// that did.
  package var problem: String?
  package var authEnabled: Bool?
  /// What the members hold differently; nil if no difference was found.
  package var disagreement: String?
  /// How many changes an apply would make.
  package var changes = 0
  /// The first of them, in words.
  package var firstChanges: [String] = []
  package var drift: [DriftCount] = []
  /// Users with more access than the file gives, that an apply leaves, in words.
  package var needsAttention: [String] = []
  package var members: [Member] = []
  package var alarms: [Alarm] = []
  package var vulnerabilities: [Vulnerability] = []
  /// Access of people that ends, or has ended and was not taken away yet.
  package var temporaryAccess: [TemporaryAccessLine] = []
  package var proof: Proof?

  package init(cluster: String) { self.cluster = cluster }

  /// Sets what a plan found.
  package mutating func show(_ plan: Plan) {
    changes = plan.changes.count
    firstChanges = plan.changes.prefix(10).map(\.words)
    drift = Drift.Kind.allCases.compactMap { kind in
      let all = plan.drift.filter { $0.kind == kind }
      guard !all.isEmpty else { return nil }
      let left = all.count(where: \.isLeft)
      return DriftCount(kind: kind.rawValue, corrected: all.count - left, left: left)
    }
    needsAttention = plan.needingAttention.map { "\($0.subject): \($0.kind.rawValue): \($0.meaning)" }
  }

  /// Sets that nothing has changed since the last apply.
  /// - Parameter left: How many differences that apply left.
  package mutating func showUnchanged(left: Int) {
    (changes, firstChanges, needsAttention) = (0, [], [])
    drift = left == 0 ? [] : [DriftCount(kind: "left by the last apply", corrected: 0, left: left)]
  }

  /// Whether somebody has to do something.
  package var needsAction: Bool {
    changes > 0 || !needsAttention.isEmpty || !alarms.isEmpty || disagreement != nil || authEnabled == false
      || members.contains { $0.reach == .unreachable } || proof.map { !$0.isInForce } ?? false
      || temporaryAccess.contains(where: \.isOver)
  }

  /// What a person is told of a change: without the moments of the looks.
  package var comparable: WatchState {
    var state = self
    // The words of a problem may differ each time.
    state.problem = problem.map { _ in "" }
    state.proof = proof.map { Proof(at: .distantPast, isInForce: $0.isInForce, problem: $0.problem) }
    return state
  }
}

/// Access of a person that ends.
package struct TemporaryAccessLine: Encodable, Hashable, Sendable {
  let user: String
  let role: String
  let until: Date
  let isOver: Bool

  package init(user: String, role: String, until: Date, isOver: Bool) {
    self.user = user
    self.role = role
    self.until = until
    self.isOver = isOver
  }
}

extension WatchState {
  /// One line of JSON.
  package func line(at moment: Date) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    let line = Line(at: moment, needsAction: needsAction, state: self)
    return TerminalText.safe(json: String(decoding: try encoder.encode(line), as: UTF8.self))
  }

  private struct Line: Encodable {
    let at: Date
    let needsAction: Bool
    let state: WatchState

    private enum CodingKeys: CodingKey { case at, needsAction }

    func encode(to encoder: any Encoder) throws {
      try state.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(at, forKey: .at)
      try container.encode(needsAction, forKey: .needsAction)
    }
  }

  /// A few lines for people.
  package func text(at moment: Date, _ style: Style) -> String {
    let time = moment.formatted(.iso8601)
    if let problem { return "\(time) \(visible(cluster)): \(style.bad("not known")): \(visible(problem))" }
    var lines: [String] = []
    if let disagreement { lines.append(style.bad("the members differ") + ": \(visible(disagreement))") }
    if authEnabled == false { lines.append(style.bad("authentication is off")) }
    if changes > 0 {
      lines.append(
        style.bad("\(count(changes, "change")) to make") + ": "
          + firstChanges.prefix(3).map(visible).joined(separator: "; ") + (changes > 3 ? "; …" : ""))
    }
    lines += needsAttention.map { style.bad("attention") + ": \(visible($0))" }
    lines += alarms.map { style.bad("alarm") + " \($0.kind) of \(visible($0.member))" }
    lines += members.filter { $0.reach == .unreachable }.map {
      style.bad("unreachable") + ": \(visible($0.name))"
    }
    if let proof, !proof.isInForce {
      lines.append(style.bad("not proved") + ": \(visible(proof.problem ?? "'bulkhead verify' says why"))")
    }
    lines += temporaryAccess.filter(\.isOver).map {
      style.bad("access is over") + ": \(visible($0.user)) still has \(visible($0.role))"
    }
    let known =
      vulnerabilities.isEmpty
      ? "" : "; \(count(vulnerabilities.count, "known vulnerability", "known vulnerabilities"))"
    guard !lines.isEmpty else {
      return "\(time) \(visible(cluster)): \(style.good("as in the file")), \(asked)\(known)"
    }
    return (["\(time) \(visible(cluster)): \(asked)\(known)"] + lines.map { "  \($0)" }).joined(
      separator: "\n")
  }

  private var asked: String {
    let voting = members.filter { $0.reach != .learner }
    return "\(voting.count { $0.reach == .reachable }) of \(count(voting.count, "member"))"
  }
}
