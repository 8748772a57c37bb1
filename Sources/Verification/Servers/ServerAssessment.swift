import Etcd
import Keyspace
import Names
import Segmentation

/// What is known of the members that decides whether they enforce the grants: releases, alarms, space,
/// agreement, peer ports, and how they answered requests that show vulnerabilities.
package struct ServerAssessment: Hashable, Sendable {
  /// A voting member that answers.
  package struct Member: Hashable, Sendable {
    package let name: String
    package let endpoint: Endpoint
    package let status: MemberStatus
    package let space: StoreSpace
    /// Why its client URL answers gRPC but no HTTP; nil if it answers both.
    package let grpcOnly: String?

    package init(
      name: String, endpoint: Endpoint, status: MemberStatus, space: StoreSpace, grpcOnly: String? = nil
    ) {
      self.name = name
      self.endpoint = endpoint
      self.status = status
      self.space = space
      self.grpcOnly = grpcOnly
    }

    /// Whether a probe of write access is safe. Near the quota even a refused request can raise the alarm
    /// NOSPACE (etcd, `server/etcdserver/quota.go`), after which some releases check no permissions.
    package var hasRoom: Bool { space.isEnough }
  }

  /// What a peer URL of a member answered to a client's certificate.
  package struct PeerPort: Hashable, Sendable {
    package let member: String
    package let url: String
    package let answer: PeerPortAnswer
  }

  package private(set) var members: [Member]
  /// Those of all members, learners and members that do not answer at their client URL included; empty if they were not
  /// asked.
  package private(set) var peerPorts: [PeerPort] = []
  /// The names of the members that the check is limited to; nil for all.
  private var limit: Set<String>?
  /// All members of the cluster, those that were not asked included.
  package let cluster: ClusterMembers?
  package let alarms: [Alarm]
  /// Why the alarms are not known; nil if they are.
  package let alarmsUnknown: String?
  package let agreement: MemberAgreement?
  package let advisories: AdvisoryList
  /// What ``lookingForVulnerabilities(as:timeout:)`` found.
  package internal(set) var sightings: [VulnerabilitySighting] = []

  package init(
    members: [Member], cluster: ClusterMembers? = nil, alarms: [Alarm], alarmsUnknown: String? = nil,
    agreement: MemberAgreement? = nil, advisories: AdvisoryList
  ) {
    self.members = members
    self.cluster = cluster
    self.alarms = alarms
    self.alarmsUnknown = alarmsUnknown
    self.agreement = agreement
    self.advisories = advisories
  }

  /// Asks the voting members that answer. Needs the role root, because some releases return their status only
  /// to root. What a member does not answer is unknown, and the others are asked all the same.
  /// - Parameters:
  ///   - cluster: The members as they are.
  ///   - etcd: A client of their endpoints.
  ///   - quota: The quota of members that do not publish it, in bytes; 0 for no limit, nil if it is unknown.
  ///   - largest: A larger store is not compared between members; nil to compare any.
  /// - Throws: ``EtcdError`` if the credentials cannot be used.
  package static func of(
    _ cluster: ClusterMembers, _ etcd: EtcdClient, as credentials: ClientCredentials,
    advisories: AdvisoryList, quota: Int64? = nil,
    largestHashed largest: Int64? = ClusterMembers.hashedByDefault
  ) async throws -> ServerAssessment {
    var members: [Member] = []
    for member in cluster.reachable {
      guard let endpoint = member.endpoint, let status = member.status,
        var space = await member.space(as: credentials)
      else { continue }
      if case .unknown(let bytes, _) = space, let quota { space = StoreSpace(bytes: bytes, quota: quota) }
      var grpcOnly: String?
      do throws(EtcdError) { _ = try await Metrics.read(from: endpoint, as: credentials) } catch {
        // A member that has stopped since it answered gRPC shows nothing of HTTP.
        if error.code != .deadlineExceeded, error.origin != .connection(.refused) { grpcOnly = error.reason }
      }
      members.append(
        Member(name: member.name, endpoint: endpoint, status: status, space: space, grpcOnly: grpcOnly))
    }
    var (alarms, unknown): ([Alarm], String?) = ([], nil)
    do throws(EtcdError) { alarms = try await etcd.alarms() } catch { unknown = "\(error)" }
    return ServerAssessment(
      members: members, cluster: cluster, alarms: alarms, alarmsUnknown: unknown,
      agreement: try await cluster.agreement(as: credentials, largestHashed: largest),
      advisories: advisories)
  }

  /// Adds what the peer ports answer to a client's certificate.
  ///
  /// A refusal is about the peers' authority only if the certificate is good: each port is asked with the first that the
  /// member's client port accepts.
  /// - Parameter clients: Those with certificates of the clients' authority, in the order in which they are tried.
  package func askingPeerPorts(
    as clients: [ClientCredentials], timeout: Duration = .seconds(5)
  ) async -> ServerAssessment {
    var assessment = self
    for member in cluster?.all ?? [] where limit?.contains(member.name) ?? true {
      var client: ClientCredentials?
      if let endpoint = member.endpoint ?? members.first?.endpoint {
        // One that is refused shows at once that it is; more than a few are not tried.
        for candidate in clients.prefix(8) where client == nil {
          if await candidate.trust(at: endpoint, timeout: timeout) == .trusted { client = candidate }
        }
      }
      for url in member.peerURLs {
        let answer =
          if let client { await client.peerPort(url, timeout: timeout) } else {
            PeerPortAnswer.unknown("no certificate of a client is here that the client port accepts")
          }
        assessment.peerPorts.append(PeerPort(member: member.name, url: url, answer: answer))
      }
    }
    return assessment
  }

  /// The peer URLs that admit clients, with the member's name.
  package var openPeerPorts: [(member: String, url: String, admitsAnyone: Bool)] {
    peerPorts.compactMap { port in
      switch port.answer {
      case .admitsClient: (port.member, port.url, false)
      case .admitsAnyone: (port.member, port.url, true)
      case .refused, .unknown: nil
      }
    }
  }

  /// The peer URLs of which it is not known whether they admit clients, each with the member's name and the reason.
  package var unknownPeerPorts: [String] {
    peerPorts.compactMap { port in
      if case .unknown(let why) = port.answer { "\(port.url) of \(port.member): \(why)" } else { nil }
    }
  }

  /// Which members were asked, for a sentence that claims something of them: `3 of 3 members`.
  package var asked: String {
    guard let cluster else { return "\(members.count) members" }
    guard let limit else { return cluster.asked }
    return
      "\(members.count) of \(cluster.voting.count) members, limited to \(limit.sorted().joined(separator: ", "))"
  }

  /// The names of the voting members that are unreachable, among those that the check concerns.
  package var unreachable: [String] {
    (cluster?.unreachable.map(\.name) ?? []).filter { limit?.contains($0) ?? true }
  }

  /// The client URLs without TLS that members advertise, with the member's name, among those that the check concerns.
  package var plainURLs: [(member: String, url: String)] {
    (cluster?.all ?? []).filter { limit?.contains($0.name) ?? true }
      .flatMap { member in member.plainURLs.map { (member.name, $0) } }
  }

  /// Only some of the members, for a check that is limited to them.
  package func only(_ names: Set<String>) -> ServerAssessment {
    var assessment = self
    assessment.limit = names
    assessment.members = members.filter { names.contains($0.name) }
    assessment.peerPorts = peerPorts.filter { names.contains($0.member) }
    return assessment
  }
}

/// A vulnerability of the members' releases, or one that was seen.
package struct Vulnerability: Hashable, Sendable {
  package enum State: Hashable, Sendable {
    /// A member permitted a request that only the vulnerability permits.
    case seenOpen([VulnerabilitySighting])
    /// The release of a member has it, by the list.
    case listed
    /// The release of a member has it, by the list, and each of these members refused each request that shows
    /// it: its vendor may have applied the fix.
    case seenClosed
    /// The release has it under a condition that was not seen to hold.
    case conditional(String)
  }

  package let advisory: Advisory
  /// The releases of the members that have it, by the list.
  package let versions: [EtcdVersion]
  /// The names of these members.
  package let members: [String]
  package let state: State

  /// Whether it is a way past the grants as far as is known.
  package var isWayPastGrants: Bool {
    guard advisory.kind == .access else { return false }
    return switch state {
    case .seenOpen, .listed: true
    case .seenClosed, .conditional: false
    }
  }

  package var isSeenOpen: Bool { if case .seenOpen = state { true } else { false } }

  /// The ids with which a person accepts it.
  package var names: [String] { [advisory.id] + advisory.aliases }

  /// Where it was found, as findings name it: `etcd 3.4.23`; empty if no member's release has it by the list.
  package var subject: String {
    versions.isEmpty ? "" : "etcd \(versions.map(\.description).joined(separator: ", "))"
  }
}

extension ServerAssessment {
  /// The known vulnerabilities of the members' releases and those that were seen, in the order of the list.
  package var vulnerabilities: [Vulnerability] {
    advisories.all.compactMap { advisory in
      let affected = members.filter { advisory.affects($0.status.version) }
      let seen = sightings.filter { $0.advisory == advisory.id }
      let open = seen.filter { $0.state == .open }
      guard !affected.isEmpty || !open.isEmpty else { return nil }
      let isSeenClosed = affected.allSatisfy { member in
        let own = seen.filter { $0.endpoint == member.endpoint }
        return !own.isEmpty && own.allSatisfy { $0.state == .closed }
      }
      let state: Vulnerability.State =
        if !open.isEmpty {
          .seenOpen(open)
        } else if isSeenClosed {
          .seenClosed
        } else if let condition = advisory.condition, !isConditionSeen(advisory, affected) {
          .conditional(condition)
        } else {
          .listed
        }
      return Vulnerability(
        advisory: advisory, versions: Set(affected.map(\.status.version)).sorted(),
        members: affected.map(\.name), state: state)
    }
  }

  /// `--listen-client-http-urls` shows: the client URL then answers gRPC only.
  private func isConditionSeen(_ advisory: Advisory, _ affected: [Member]) -> Bool {
    advisory.isNamed("CVE-2026-59818") && affected.contains { $0.grpcOnly != nil }
  }

  /// The members whose release checks no permissions of writes while an alarm is active.
  package var withoutPermissionsUnderAlarm: [String] {
    guard let advisory = advisories["etcd-22386"] else { return members.map(\.name) }
    return members.filter { advisory.affects($0.status.version) }.map(\.name)
  }

  /// Whether the members enforce the grants as far as is known: no known or observed way past them that is
  /// not accepted, no alarm under which they check no permissions, agreement, closed peer ports,
  /// and no client URL without TLS.
  package func isTrustworthy(accepting accepted: Acceptances = .none) -> Bool {
    !members.isEmpty && alarmsUnknown == nil && (alarms.isEmpty || withoutPermissionsUnderAlarm.isEmpty)
      && openPeerPorts.isEmpty && plainURLs.isEmpty && agreement?.refusal == nil
      && !vulnerabilities.contains { vulnerability in
        vulnerability.isWayPastGrants
          && accepted.reason(for: vulnerability.names, at: vulnerability.subject) == nil
      }
  }

  /// The vulnerabilities that were seen open and are not accepted.
  package func seenOpen(accepting accepted: Acceptances = .none) -> [Vulnerability] {
    vulnerabilities.filter { vulnerability in
      vulnerability.isSeenOpen
        && accepted.reason(for: vulnerability.names, at: vulnerability.subject) == nil
    }
  }
}
