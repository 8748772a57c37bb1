import Endpoints

/// One member as the cluster lists it.
public struct Member: Hashable, Sendable {
  public let id: UInt64
  public let name: String
  public let clientURLs: [String]
  public let isLearner: Bool
}

/// What one member says about itself.
public struct MemberStatus: Hashable, Sendable {
  public let memberID: UInt64
  public let version: EtcdVersion
  /// Bytes of the database file.
  public let databaseSize: Int64
  /// Bytes it may grow to; nil before etcd 3.6, which does not tell.
  public let quota: Int64?
  /// The member knows a leader; without one it cannot write.
  public let hasLeader: Bool
  /// The revision of the key-value store at this member.
  public let revision: Int64

  /// A member of this version about which nothing else is known, for tests.
  package static func of(version: EtcdVersion) -> MemberStatus {
    MemberStatus(
      memberID: 0, version: version, databaseSize: 0, quota: nil, hasLeader: true, revision: 0)
  }
}

/// An alarm, which changes what a member allows: see ``Advisory``.
public struct Alarm: Hashable, Sendable {
  public enum Kind: String, Sendable {
    case noSpace = "NOSPACE"
    case corrupt = "CORRUPT"
    case unknown = "UNKNOWN"
  }
  public let memberID: UInt64
  public let kind: Kind
}

extension EtcdClient {
  public func members() async throws(EtcdError) -> [Member] {
    let response: Etcdserverpb_MemberListResponse = try await call(
      Etcdserverpb_Cluster.Method.MemberList.descriptor, Etcdserverpb_MemberListRequest(),
      operation: "MemberList")
    return response.members.map {
      Member(id: $0.id, name: $0.name, clientURLs: $0.clientUrls, isLearner: $0.isLearner)
    }
  }

  /// The status of the member that answers: use it with ``only(_:)``.
  public func status() async throws(EtcdError) -> MemberStatus {
    let response: Etcdserverpb_StatusResponse = try await call(
      Etcdserverpb_Maintenance.Method.Status.descriptor, Etcdserverpb_StatusRequest(), operation: "Status")
    guard let version = EtcdVersion(response.version) else {
      throw EtcdError(
        code: .other, operation: "Status", endpoint: endpoints.map(\.description).joined(separator: ","),
        message: "the version '\(response.version)' is not understood")
    }
    return MemberStatus(
      memberID: response.header.memberID, version: version, databaseSize: response.dbSize,
      quota: response.dbSizeQuota > 0 ? response.dbSizeQuota : nil, hasLeader: response.leader != 0,
      revision: response.header.revision)
  }

  /// The alarms that are active anywhere in the cluster.
  public func alarms() async throws(EtcdError) -> [Alarm] {
    let response: Etcdserverpb_AlarmResponse = try await call(
      Etcdserverpb_Maintenance.Method.Alarm.descriptor,
      Etcdserverpb_AlarmRequest.with { $0.action = .get }, operation: "Alarm GET")
    return response.alarms.map { alarm in
      let kind: Alarm.Kind =
        switch alarm.alarm {
        case .nospace: .noSpace
        case .corrupt: .corrupt
        default: .unknown
        }
      return Alarm(memberID: alarm.memberID, kind: kind)
    }
  }
}
