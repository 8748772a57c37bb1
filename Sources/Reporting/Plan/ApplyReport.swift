import Etcd
import Reconciliation
import Text

/// The result of an apply.
package struct ApplyReport: TextReport, Sendable {
  package enum Authentication: String, Encodable, Sendable {
    case off
    case on
    case turnedOn = "turned on"
  }

  let cluster: String
  let changes: [String]
  let seconds: Double
  package let authentication: Authentication
  /// Changes that only showed after authentication was turned on, such as users with an empty password.
  let remaining: [String]
  /// Differences that only showed after authentication was turned on and that Bulkhead leaves, such as users of
  /// others that accept the empty password.
  let found: [String]
  /// Which members were asked: `3 of 3 members`.
  let asked: String
  private let missing: String
  /// How many reads and writes etcd refused because they were in flight when authentication was turned on;
  /// nil if it was not turned on or the number is unknown.
  let refusedAtSwitch: Int?
  /// The members that answered the administrator after authentication was turned on, as in `3 of 3 members`.
  let membersAsked: String?
  /// What happened to the user of a shared certificate; nil if there was none to delete.
  let sharedUser: String?
  /// A shared user that an earlier apply deleted which was killed, and that was created again.
  let restored: String?
  private let isGivenBack: Bool
  /// How many changes of the plan `--target` left out; nil without it.
  let leftOut: Int?

  private enum CodingKeys: String, CodingKey {
    case cluster, changes, seconds, authentication, asked, remaining, found, refusedAtSwitch, membersAsked,
      sharedUser, restored, leftOut
  }

  package init(
    _ outcome: ApplyRun.Outcome, cluster: String, members: ClusterMembers, isLimited: Bool = false
  ) {
    leftOut = isLimited ? outcome.plan.left.count : nil
    asked = members.asked
    missing = members.missingInSentence
    found = (outcome.turnedOn ? outcome.remaining?.needingAttention ?? [] : []).map {
      "\($0.subject): \($0.kind.rawValue): \($0.meaning)"
    }
    self.cluster = cluster
    changes = outcome.plan.changes.map(\.words)
    let time = outcome.time.components
    seconds = Double(time.seconds) + Double(time.attoseconds) / 1e18
    authentication = outcome.turnedOn ? .turnedOn : outcome.authEnabledBefore ? .on : .off
    refusedAtSwitch = outcome.refusedAtSwitch
    membersAsked = outcome.membersAsked
    restored = outcome.restored
    remaining = outcome.remaining?.changes.map(\.words) ?? []
    switch outcome.shared {
    case nil: (sharedUser, isGivenBack) = (nil, false)
    case .wasNotThere: (sharedUser, isGivenBack) = ("was gone already", false)
    case .removed:
      (sharedUser, isGivenBack) = ("is gone, and no more requests are refused than before", false)
    case .givenBackUncounted(let problem):
      (sharedUser, isGivenBack) = (
        "exists again: whether requests were refused without it is unknown (\(problem))", true
      )
    case .givenBack(let refused):
      (sharedUser, isGivenBack) = (
        "exists again: without it \(count(refused, "request")) more \(refused == 1 ? "was" : "were") refused, so a program still uses it or was refused something else",
        true
      )
    }
  }

  /// Whether nothing is left to do; else the exit code must tell that action is needed.
  package var isComplete: Bool { remaining.isEmpty && found.isEmpty && !isGivenBack }

  package func text(_ style: Style) -> String {
    var lines: [String] = []
    if let restored {
      lines.append(
        "\(cluster): \(style.caution("the shared user \(quoted(restored)) exists again")): an apply that was killed had deleted it"
      )
    }
    if changes.isEmpty {
      lines.append("\(cluster): nothing to do\(missing)")
    } else {
      let time = "\(Int(seconds * 10) / 10).\(Int(seconds * 10) % 10) s"
      lines.append(
        "\(cluster): \(style.good("\(count(changes.count, "change")) made and read back")) in \(time)\(missing)"
      )
    }
    if let leftOut, leftOut > 0 {
      lines.append(
        "\(cluster): \(style.caution("\(count(leftOut, "change")) left out")) by --target: 'bulkhead plan' lists all"
      )
    }
    switch authentication {
    case .off:
      lines.append("\(cluster): \(style.caution("authentication is off")), so nothing is enforced yet")
    case .on: break
    case .turnedOn:
      lines.append(
        "\(cluster): \(style.good("authentication is on")); its administrator was answered by \(membersAsked ?? "")"
      )
      lines.append("\(cluster): \(onTheWay)")
      lines.append(
        "\(cluster): from now on add learners with 'etcdctl member promote' at the leader: followers forward it without a user"
      )
    }
    if let sharedUser {
      lines.append(
        "\(cluster): the shared user \(isGivenBack ? style.bad(sharedUser) : style.good(sharedUser))")
    }
    lines += remaining.map { "\(style.bad("still to do:")) \(visible($0))" }
    lines += found.map { "\(style.bad("found:")) \(visible($0))" }
    return lines.joined(separator: "\n")
  }

  /// What happened to requests that were in flight when authentication was turned on.
  private var onTheWay: String {
    let fate = "refused with 'etcdserver: user name is empty' and not executed: its client must retry"
    return switch refusedAtSwitch {
    case nil: "a write in flight at that moment was \(fate)"
    case 0: "no request in flight at that moment was refused"
    case let number?: "\(count(number, "request")) in flight at that moment: \(fate)"
    }
  }
}
