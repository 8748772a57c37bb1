import Endpoints
import Etcd

/// Whether the members can be trusted to enforce what is granted, from their versions, alarms and sizes.
package struct ServerAssessment: Hashable, Sendable {
  package struct Member: Hashable, Sendable {
    package let endpoint: Endpoint
    package let status: MemberStatus
    /// Bytes the database may grow to, below zero for no limit; nil if the member does not say.
    package let quota: Int64?

    package init(endpoint: Endpoint, status: MemberStatus, quota: Int64?) {
      self.endpoint = endpoint
      self.status = status
      self.quota = quota
    }

    /// Whether a question about writing is safe. Near the quota even a refused request can raise the alarm NOSPACE
    /// (etcd, `server/etcdserver/quota.go`), after which some releases check nothing any more.
    package var hasRoom: Bool {
      quota.map { $0 < 0 || Double(status.databaseSize) < 0.95 * Double($0) } ?? false
    }
  }

  package let members: [Member]
  package let alarms: [Alarm]
  /// What ``lookingForHoles(as:in:with:timeout:)`` has seen.
  package internal(set) var sightings: [HoleSighting] = []

  package init(members: [Member], alarms: [Alarm]) {
    self.members = members
    self.alarms = alarms
  }

  /// The known holes of the members' releases, each with the versions that have it.
  package var holes: [(advisory: Advisory, versions: [EtcdVersion])] {
    let versions = Set(members.map(\.status.version)).sorted()
    return Advisory.all.compactMap { advisory in
      let affected = versions.filter(advisory.affects)
      return affected.isEmpty ? nil : (advisory, affected)
    }
  }

  /// No known way past the grants, none seen, and nothing that may open one.
  package var isTrustworthy: Bool {
    holes.isEmpty && alarms.isEmpty && members.allSatisfy(\.hasRoom)
      && !sightings.contains { $0.state == .open }
  }

  /// Asks every member. Needs the root role, since some releases keep the status from everyone else.
  /// - Throws: ``EtcdError`` if a member does not answer: what it enforces cannot be known.
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
