import Names

/// A member in the cluster's member list.
package struct Member: Hashable, Sendable {
  package let id: UInt64
  /// Empty if the member was added and has not started yet.
  package let name: String
  package let peerURLs: [String]
  package let clientURLs: [String]
  package let isLearner: Bool
}

/// The cluster's member list.
package struct MemberList: Hashable, Sendable {
  package let clusterID: UInt64
  package let members: [Member]
}

/// The status of a member.
package struct MemberStatus: Hashable, Sendable {
  package let clusterID: UInt64
  package let memberID: UInt64
  package let version: EtcdVersion
  /// Bytes of the database file.
  package let databaseSize: Int64
  /// The quota in bytes; nil before etcd 3.6, which does not report it.
  package let quota: Int64?
  /// Whether the member knows a leader; without one it cannot write.
  package let hasLeader: Bool
  /// The revision of the key-value store at this member.
  package let revision: Int64

  /// A status with only a version, for tests.
  package static func of(version: EtcdVersion) -> MemberStatus {
    MemberStatus(
      clusterID: 0, memberID: 0, version: version, databaseSize: 0, quota: nil, hasLeader: true, revision: 0)
  }
}

/// An alarm, which changes what members permit: see ``Advisory``.
package struct Alarm: Hashable, Sendable {
  package enum Kind: String, Sendable {
    case noSpace = "NOSPACE"
    case corrupt = "CORRUPT"
    case unknown = "UNKNOWN"
  }
  package let memberID: UInt64
  package let kind: Kind

  package init(memberID: UInt64, kind: Kind) {
    self.memberID = memberID
    self.kind = kind
  }
}

extension EtcdClient {
  package func members() async throws(EtcdError) -> [Member] { try await memberList().members }

  /// The member list as a quorum has agreed on it: a linearizable read, so that a member that is behind does
  /// not leave out one that has just joined (etcd 3.5, `MemberListRequest.linearizable`; members before 3.5
  /// answer from what they have applied).
  package func memberList() async throws(EtcdError) -> MemberList {
    let response = try await call(ClusterService.memberList, MemberListRequest(), operation: "MemberList")
    return MemberList(
      clusterID: response.header.clusterID,
      members: response.members.map {
        Member(
          id: $0.id, name: $0.name, peerURLs: $0.peerURLs, clientURLs: $0.clientURLs, isLearner: $0.isLearner)
      })
  }

  /// The status of the member that answers: use it with ``only(_:)``.
  package func status() async throws(EtcdError) -> MemberStatus {
    let response = try await call(Maintenance.status, EmptyRequest(), operation: "Status")
    guard let version = EtcdVersion(response.version) else {
      throw EtcdError(
        code: .other, operation: "Status", endpoint: endpoints.map(\.description).joined(separator: ","),
        message: "the version '\(response.version)' is not understood")
    }
    return MemberStatus(
      clusterID: response.header.clusterID, memberID: response.header.memberID, version: version,
      databaseSize: response.dbSize,
      quota: response.dbSizeQuota > 0 ? response.dbSizeQuota : nil, hasLeader: response.leader != 0,
      revision: response.header.revision)
  }

  /// The active alarms of all members.
  package func alarms() async throws(EtcdError) -> [Alarm] {
    let response = try await call(Maintenance.alarm, AlarmRequest(action: .get), operation: "Alarm GET")
    return response.alarms.map { alarm in
      let kind: Alarm.Kind =
        switch alarm.alarm {
        case .noSpace: .noSpace
        case .corrupt: .corrupt
        default: .unknown
        }
      return Alarm(memberID: alarm.memberID, kind: kind)
    }
  }
}
