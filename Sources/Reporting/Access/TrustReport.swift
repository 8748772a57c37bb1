import Etcd
import Names
import Segmentation
import Text
import Verification

/// Whether the servers can be trusted to enforce the grants, and why not.
struct TrustReport: Encodable, Sendable {
  struct Server: Encodable, Sendable {
    let member: String
    let endpoint: String
    let version: String
    let databaseBytes: Int64
    /// How much of the quota is used, or why that is unknown.
    let space: String
    let hasRoom: Bool
  }
  struct Vulnerability: Encodable, Sendable {
    let id: String
    let aliases: [String]
    let effect: String
    /// `seen open`, `listed for the release`, `listed, but refused by every member`, or `only if …`.
    let state: String
    /// Whether it is a way past the grants.
    let isWayPastGrants: Bool
    /// Whether `accept` of the file or `--accept` names it.
    let isAccepted: Bool
    /// Until when and why it is accepted; nil if it is not.
    let acceptance: String?
    /// The members' versions that have the vulnerability; empty if it was only observed.
    let versions: [String]
    let remedy: String
    /// The requests that members permitted although they should not have, each with the user that sent it.
    /// The requests changed nothing.
    let seen: [String]
    /// For the watch vulnerability, the identities that can use it.
    var usableBy: [String] = []
  }

  let isTrustworthy: Bool
  /// Which members were asked: `3 of 3 members`.
  let asked: String
  let servers: [Server]
  let alarms: [String]
  /// What an active alarm means for these releases, or why it is unknown whether one is active.
  let alarmMeaning: String?
  /// Why the members cannot be used together; nil if no difference was found.
  let disagreement: String?
  /// How a member is brought back that does not hold what the others hold; nil if no difference was found.
  let wayBack: String?
  /// What was not compared between the members, and why.
  let notCompared: [String]
  /// The peer ports that admit clients.
  let openPeerPorts: [String]
  /// The client URLs without TLS that members advertise.
  let plainURLs: [String]
  /// The peer ports that could not be asked, and why.
  let unknownPeerPorts: [String]
  let vulnerabilities: [Vulnerability]
  /// The last day for which the compiled-in list of vulnerabilities is known to be complete.
  let advisoriesKnownOn: String
  /// The same for the file of `--advisories`.
  let advisoryFileKnownOn: String?

  init(_ assessment: ServerAssessment, accepting accepted: Acceptances, readers: [String]) {
    isTrustworthy = assessment.isTrustworthy(accepting: accepted)
    asked = assessment.asked
    servers = assessment.members.map { member in
      Server(
        member: member.name, endpoint: member.endpoint.description,
        version: member.status.version.description, databaseBytes: member.status.databaseSize,
        space: member.space.description, hasRoom: member.hasRoom)
    }
    alarms = assessment.alarms.map(\.kind.rawValue)
    alarmMeaning = Self.meaning(of: assessment)
    disagreement = assessment.agreement?.refusal.map { "\($0)" }
    wayBack = assessment.agreement?.refusal?.hint
    var notCompared: [String] = []
    if case .unknown(let why) = assessment.agreement?.authRevision {
      notCompared.append("users and roles: \(why)")
    }
    if case .unknown(let why) = assessment.agreement?.keyValueHash { notCompared.append("keys: \(why)") }
    self.notCompared = notCompared
    openPeerPorts = assessment.openPeerPorts.map { port in
      "\(port.url) of \(port.member) admits "
        + (port.admitsAnyone ? "clients without a certificate" : "a client's certificate")
    }
    plainURLs = assessment.plainURLs.map { "\($0.url) of \($0.member)" }
    unknownPeerPorts = assessment.unknownPeerPorts
    vulnerabilities = assessment.vulnerabilities.map { vulnerability in
      var entry = Vulnerability(vulnerability, accepting: accepted)
      if vulnerability.advisory.isNamed("GHSA-xg4h-6gfc-h4m8") { entry.usableBy = readers }
      return entry
    }
    advisoriesKnownOn = assessment.advisories.knownOn
    advisoryFileKnownOn = assessment.advisories.fileKnownOn
  }

  private static func meaning(of assessment: ServerAssessment) -> String? {
    if let problem = assessment.alarmsUnknown { return "whether an alarm is active is unknown: \(problem)" }
    guard !assessment.alarms.isEmpty else { return nil }
    let unchecked = assessment.withoutPermissionsUnderAlarm
    guard !unchecked.isEmpty else {
      return "these releases enforce permissions all the same; with NOSPACE the store takes no writes"
    }
    return "\(unchecked.joined(separator: ", ")): no permission of a write or of a change of users is checked"
  }

  func lines(_ style: Style) -> [String] {
    let versions = servers.map { "\($0.member) \($0.version)" }.joined(separator: ", ")
    var lines = [
      style.strong("Can these servers be trusted to enforce what is granted?")
        + "  \(asked)" + (versions.isEmpty ? "" : " (\(versions))")
    ]
    for alarm in alarms { lines.append("  \(style.bad("the alarm \(alarm) is active"))") }
    if let alarmMeaning { lines.append("  \(style.caution(alarmMeaning))") }
    if let disagreement { lines.append("  \(style.bad(disagreement))") }
    if let wayBack { lines.append("  hint: \(wayBack)") }
    lines += notCompared.map { "  \(style.faint("not compared between the members: \($0)"))" }
    lines += openPeerPorts.map {
      "  \(style.bad("the peer port \($0)")): its holder can write every key and make itself an administrator"
    }
    lines += plainURLs.map {
      "  \(style.bad("the client URL \($0) has no TLS")): etcd cannot identify clients there, and some releases take them for the user that the server certificate names"
    }
    lines += unknownPeerPorts.map { "  \(style.faint("the peer port was not asked: \($0)"))" }
    for server in servers where !server.hasRoom {
      lines.append(
        "  \(style.caution("\(server.member) has \(server.space)")): writing was not asked about, which could raise the alarm NOSPACE"
      )
    }
    lines.append("  " + verdict(style))
    for vulnerability in vulnerabilities { lines += vulnerability.lines(style) }
    return lines
  }

  private func verdict(_ style: Style) -> String {
    let list =
      "vulnerabilities known on \(advisoriesKnownOn)"
      + (advisoryFileKnownOn.map { ", by the file on \($0)" } ?? "")
    guard isTrustworthy else {
      return style.bad("no") + ": a client may do more than the grants below say (\(list))"
    }
    return vulnerabilities.contains { $0.isAccepted && $0.isWayPastGrants }
      ? style.caution("yes, but for what was accepted") + " (\(list))"
      : style.good("yes") + ": no known way past the grants in these releases (\(list))"
  }
}

extension TrustReport.Vulnerability {
  init(_ vulnerability: Vulnerability, accepting accepted: Acceptances) {
    let advisory = vulnerability.advisory
    id = advisory.id
    aliases = advisory.aliases
    effect = advisory.effect
    isWayPastGrants = vulnerability.isWayPastGrants
    let reason = accepted.reason(for: vulnerability.names, at: vulnerability.subject)
    isAccepted = reason != nil
    acceptance = reason?.words
    versions = vulnerability.versions.map(\.description)
    remedy = advisory.remedy
    switch vulnerability.state {
    case .seenOpen(let sightings):
      state = "seen open"
      seen = sightings.map { "\($0.user) could \($0.request) at \($0.endpoint)" }
    case .listed: (state, seen) = ("listed for the release", [])
    case .seenClosed: (state, seen) = ("listed, but refused by every member", [])
    case .conditional(let condition): (state, seen) = ("only if \(condition)", [])
    }
  }

  fileprivate func lines(_ style: Style) -> [String] {
    let names = ([id] + aliases.filter { $0.hasPrefix("CVE-") || $0.hasPrefix("GHSA-") })
      .joined(separator: ", ")
    let paint = isWayPastGrants ? style.caution : style.faint
    var lines = ["  \(paint(visible(names)))  \(visible(effect))"]
    var details = [remedy]
    if state != "listed for the release" { details.insert(state, at: 0) }
    if let acceptance { details.append(acceptance) }
    if let first = seen.first {
      details.append("seen: \(first)" + (seen.count > 1 ? " and \(seen.count - 1) times more" : ""))
    }
    lines.append("    " + visible(details.joined(separator: "; ")))
    if !usableBy.isEmpty {
      lines.append(
        "    usable by \(usableBy.prefix(5).joined(separator: ", "))"
          + (usableBy.count > 5 ? " and \(usableBy.count - 5) more" : ""))
    }
    return lines
  }
}
