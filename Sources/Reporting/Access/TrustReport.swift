import Etcd
import Names
import Verification

/// Whether the servers can be trusted to enforce the grants, and why not.
struct TrustReport: Encodable, Sendable {
  struct Server: Encodable, Sendable {
    let endpoint: String
    let version: String
    let databaseBytes: Int64
    let quotaBytes: Int64?
    let hasRoom: Bool
  }
  struct Hole: Encodable, Sendable {
    let id: String
    let effect: String
    /// The members' versions that have the vulnerability; empty if it was only observed.
    let versions: [String]
    let remedy: String
    /// The requests that members permitted although they should not have, each with the user that sent it.
    /// The requests changed nothing.
    let seen: [String]
  }

  let isTrustworthy: Bool
  let servers: [Server]
  let alarms: [String]
  let holes: [Hole]

  init(_ assessment: ServerAssessment) {
    isTrustworthy = assessment.isTrustworthy
    servers = assessment.members.map { member in
      Server(
        endpoint: member.endpoint.description, version: member.status.version.description,
        databaseBytes: member.status.databaseSize, quotaBytes: member.quota, hasRoom: member.hasRoom)
    }
    alarms = assessment.alarms.map(\.kind.rawValue)
    let known = Dictionary(assessment.holes.map { ($0.advisory.id, $0.versions.map(\.description)) }) {
      first, _ in first
    }
    holes = Advisory.all.compactMap { advisory in
      let open = assessment.sightings.filter { $0.advisory == advisory.id && $0.state == .open }
      guard known[advisory.id] != nil || !open.isEmpty else { return nil }
      return Hole(
        id: advisory.id, effect: advisory.effect, versions: known[advisory.id] ?? [], remedy: advisory.remedy,
        seen: open.map { "\($0.user) could \($0.request) at \($0.endpoint)" })
    }
  }

  func lines(_ style: Style) -> [String] {
    let versions = servers.map { "\($0.endpoint) \($0.version)" }.joined(separator: ", ")
    var lines = [style.strong("Can these servers be trusted to enforce what is granted?") + "  \(versions)"]
    for alarm in alarms {
      lines.append("  \(style.bad("the alarm \(alarm) is active")): some releases then enforce nothing")
    }
    for server in servers where !server.hasRoom {
      let why =
        server.quotaBytes.map { "\(server.endpoint) is full, \(server.databaseBytes) of \($0) bytes" }
        ?? "\(server.endpoint) does not tell its quota"
      lines.append(
        "  \(style.caution(why)): writing was not asked about, which could raise the alarm NOSPACE")
    }
    if holes.isEmpty {
      if alarms.isEmpty {
        lines.append("  \(style.good("yes")): no known way past the grants in this release")
      }
      return lines
    }
    lines.append(
      "  \(style.bad("no")): the grants below hold for honest clients, but this release has known holes")
    for hole in holes {
      lines.append("  \(style.caution(hole.id))  \(hole.effect)")
      lines.append("    \(hole.remedy)" + (hole.seen.first.map { "; seen: \($0)" } ?? ""))
    }
    return lines
  }
}
