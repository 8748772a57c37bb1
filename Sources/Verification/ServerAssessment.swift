import Endpoints
import Etcd

/// Whether the members can be trusted to enforce what is granted, from their versions, alarms and sizes.
public struct ServerAssessment: Hashable, Sendable {
  public struct Member: Hashable, Sendable {
    public let endpoint: Endpoint
    public let status: MemberStatus
    /// Bytes the database may grow to, below zero for no limit; nil if the member does not say.
    public let quota: Int64?

    public init(endpoint: Endpoint, status: MemberStatus, quota: Int64?) {
      self.endpoint = endpoint
      self.status = status
      self.quota = quota
    }

    /// Whether a question about writing is safe. Near the quota even a refused request can raise the alarm NOSPACE
    /// (etcd, `server/etcdserver/quota.go`), after which some releases check nothing any more.
    public var hasRoom: Bool {
      quota.map { $0 < 0 || Double(status.databaseSize) < 0.95 * Double($0) } ?? false
    }
  }

  public let members: [Member]
  public let alarms: [Alarm]
  /// What ``lookingForHoles(as:in:with:timeout:)`` has seen.
  public internal(set) var sightings: [HoleSighting] = []

  public init(members: [Member], alarms: [Alarm]) {
    self.members = members
    self.alarms = alarms
  }

  /// The known holes of the members' releases, each with the versions that have it.
  public var holes: [(advisory: Advisory, versions: [EtcdVersion])] {
    let versions = Set(members.map(\.status.version)).sorted()
    return Advisory.all.compactMap { advisory in
      let affected = versions.filter(advisory.affects)
      return affected.isEmpty ? nil : (advisory, affected)
    }
  }

  /// No known way past the grants, none seen, and nothing that may open one.
  public var isTrustworthy: Bool {
    holes.isEmpty && alarms.isEmpty && members.allSatisfy(\.hasRoom)
      && !sightings.contains { $0.state == .open }
  }

  /// Asks every member. Needs the root role, since some releases keep the status from everyone else.
  /// - Throws: ``EtcdError`` if a member does not answer: what it enforces cannot be known.
  public static func of(_ etcd: EtcdClient, as credentials: ClientCredentials) async throws
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
