import Etcd
import Reconciliation
import Segmentation
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
  /// Differences that Bulkhead leaves and on which another person has to act, such as users that the file does not name
  /// and that have the role root.
  let found: [String]
  /// Which members were asked: `3 of 3 members`.
  let asked: String
  private let missing: String
  /// How many reads and writes etcd refused because they were in flight when authentication was turned on;
  /// nil if it was not turned on or the number is unknown.
  let refusedAtSwitch: Int?
  /// The members that answered the administrator after authentication was turned on, as in `3 of 3 members`.
  let membersAsked: String?
  /// What the members' counts of refused requests showed after authentication was turned on; nil if they were not
  /// watched.
  let watch: Watch?
  /// What happened to the users of shared certificates; nil if there was none to delete.
  let sharedUser: String?
  /// What happened to the role root of kube-apiserver; nil if it was not to be taken away.
  let apiserverRoot: String?
  /// Users whose access an earlier apply took away which was killed, and that have it again.
  let restored: [String]
  private let restoredWords: [String]
  private let isGivenBack: Bool
  /// How many changes of the plan `--target` left out; nil without it.
  let leftOut: Int?
  private let lines: (shared: String, apiserver: String)

  /// The counts of refused requests after authentication was turned on.
  struct Watch: Encodable, Sendable {
    let seconds: Int64
    let refused: Int
    /// The members whose counts are unknown, and why.
    let unknown: [String]
    /// Known requests whose refusal locks out no program, and that may account for those that were refused.
    let known: [String]

    init(_ report: RefusalReport) {
      seconds = report.duration.components.seconds
      refused = report.refused
      unknown = report.unknown.map(\.words)
      known = report.known.map(\.words)
    }
  }

  private enum CodingKeys: String, CodingKey {
    case cluster, changes, seconds, authentication, asked, remaining, found, refusedAtSwitch, membersAsked,
      watch, sharedUser, apiserverRoot, restored, leftOut
  }

  package init(
    _ outcome: ApplyRun.Outcome, cluster: String, members: ClusterMembers, isLimited: Bool = false
  ) {
    leftOut = isLimited ? outcome.plan.left.count : nil
    asked = members.asked
    missing = members.missingInSentence
    found = outcome.found.map {
      "\($0.subject): \($0.kind.rawValue): \($0.meaning)"
    }
    self.cluster = cluster
    changes = outcome.plan.changes.map(\.words)
    let time = outcome.time.components
    seconds = Double(time.seconds) + Double(time.attoseconds) / 1e18
    authentication = outcome.turnedOn ? .turnedOn : outcome.authEnabledBefore ? .on : .off
    refusedAtSwitch = outcome.refusedAtSwitch
    membersAsked = outcome.membersAsked
    restored = outcome.restored.map(\.name)
    restoredWords = outcome.restored.map { user in
      user.staysAsUser
        ? "the user \(quoted(user.name)) has the role \(visible(user.roles.joined(separator: ", "))) again"
        : "the shared user \(quoted(user.name)) exists again"
    }
    remaining = outcome.remaining?.changes.map(\.words) ?? []
    watch = outcome.watch.map(Watch.init)
    isGivenBack = outcome.removal?.isGivenBack ?? false
    let shared = outcome.leaving.filter { !$0.staysAsUser }
    let apiservers = outcome.leaving.filter(\.staysAsUser).map(\.name)
    let isShared = !shared.isEmpty || apiservers.isEmpty
    sharedUser =
      isShared ? outcome.removal.map { Self.words($0, gone: "is gone", back: "exists again") } : nil
    apiserverRoot =
      apiservers.isEmpty
      ? nil
      : outcome.removal.map {
        Self.words($0, gone: "has no role root any more", back: "has the role root again")
      }
    lines = (
      shared.count > 1
        ? "the shared user, each of \(shared.map(\.name).joined(separator: ", "))," : "the shared user",
      "kube-apiserver (\(apiservers.joined(separator: ", ")))"
    )
  }

  private static func words(_ outcome: WatchedRemoval.Outcome, gone: String, back: String) -> String {
    switch outcome {
    case .wasNotThere: "was gone already"
    case .removed: "\(gone), and no more requests are refused than before"
    case .givenBackUncounted(let problem):
      "\(back): whether requests were refused without it is unknown (\(problem))"
    case .givenBack(let refused):
      "\(back): without it \(count(refused, "request")) more \(refused == 1 ? "was" : "were") refused, so a program "
        + "still uses it or was refused something else"
    }
  }

  /// Whether nothing is left to do; else the exit code must tell that action is needed.
  package var isComplete: Bool { remaining.isEmpty && found.isEmpty && !isGivenBack }

  package func text(_ style: Style) -> String {
    var lines: [String] = []
    for words in restoredWords {
      lines.append("\(cluster): \(style.caution(words)): an apply that was killed had taken it away")
    }
    if changes.isEmpty {
      if !found.isEmpty {
        lines.append(
          "\(cluster): \(style.bad("no change is planned, but a user has more access than the file gives it, or a password"))\(missing)"
        )
      } else if sharedUser == nil, apiserverRoot == nil {
        lines.append("\(cluster): nothing to do\(missing)")
      }
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
      lines += watchLines(style)
      lines.append(
        "\(cluster): from now on add learners with 'etcdctl member promote' at the leader: followers forward it without a user"
      )
    }
    for (subject, what) in [(self.lines.shared, sharedUser), (self.lines.apiserver, apiserverRoot)] {
      guard let what else { continue }
      lines.append("\(cluster): \(visible(subject)) \(isGivenBack ? style.bad(what) : style.good(what))")
    }
    lines += remaining.map { "\(style.bad("still to do:")) \(visible($0))" }
    lines += found.map { "\(style.bad("found:")) \(visible($0))" }
    return lines.joined(separator: "\n")
  }

  private func watchLines(_ style: Style) -> [String] {
    guard let watch else {
      return ["\(cluster): \(style.caution("refused requests were not counted afterwards (--watch 0)"))"]
    }
    var lines: [String] = []
    if watch.refused == 0 {
      lines.append(
        "\(cluster): \(watch.unknown.isEmpty ? "the" : "the other") members refused no request in the "
          + "\(watch.seconds) s after it")
    } else {
      lines.append(
        "\(cluster): \(style.caution("the members refused \(count(watch.refused, "request")) in the \(watch.seconds) s after it")), "
          + "no more than is known of these, and who sent them is not counted:")
      lines += watch.known.map { "  \(visible($0))" }
    }
    return lines + watch.unknown.map { "\(cluster): \(style.caution(visible($0)))" }
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
