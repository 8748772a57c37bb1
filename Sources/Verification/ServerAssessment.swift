import Etcd
import Names

/// Whether the members can be trusted to enforce the grants, judged by their versions, alarms and database
/// sizes.
package struct ServerAssessment: Hashable, Sendable {
  /// A member's status, which the assessment is based on.
  package struct Member: Hashable, Sendable {
    package let endpoint: Endpoint
    package let status: MemberStatus
    /// The database quota in bytes, below zero for no limit; nil if the member does not report it.
    package let quota: Int64?

    package init(endpoint: Endpoint, status: MemberStatus, quota: Int64?) {
      self.endpoint = endpoint
      self.status = status
      self.quota = quota
    }

    /// Whether a probe of write access is safe. Near the quota even a refused request can raise the alarm
    /// NOSPACE (etcd, `server/etcdserver/quota.go`), after which some releases check no permissions.
    package var hasRoom: Bool {
      quota.map { $0 < 0 || Double(status.databaseSize) < 0.95 * Double($0) } ?? false
    }
  }

  package let members: [Member]
  package let alarms: [Alarm]
  /// What ``lookingForHoles(as:in:with:timeout:)`` found.
  package internal(set) var sightings: [HoleSighting] = []

  package init(members: [Member], alarms: [Alarm]) {
    self.members = members
    self.alarms = alarms
  }

  /// The known vulnerabilities of the members' releases, each with the versions that have it.
  package var holes: [(advisory: Advisory, versions: [EtcdVersion])] {
    let versions = Set(members.map(\.status.version)).sorted()
    return Advisory.all.compactMap { advisory in
      let affected = versions.filter(advisory.affects)
      return affected.isEmpty ? nil : (advisory, affected)
    }
  }

  /// No known vulnerability, none observed, no active alarm, and enough space on every member.
  package var isTrustworthy: Bool {
    holes.isEmpty && alarms.isEmpty && members.allSatisfy(\.hasRoom)
      && !sightings.contains { $0.state == .open }
  }

  /// Asks every endpoint. Needs the role root, because some releases return their status only to root.
  /// - Throws: ``EtcdError`` if a member does not answer: whether it enforces the grants is then unknown.
  package static func of(_ etcd: EtcdClient, as credentials: ClientCredentials) async throws
    -> ServerAssessment
  {
    var members: [Member] = []
    for endpoint in etcd.endpoints {
      let status = try await etcd.only(endpoint).status()
      var quota = status.quota
      if quota == nil { quota = try? await Metrics.read(from: endpoint, as: credentials).quota }
      members.append(Member(endpoint: endpoint, status: status, quota: quota))
    }
    return ServerAssessment(members: members, alarms: try await etcd.alarms())
  }
}
