import Etcd
import FoundationEssentials

/// What Bulkhead reads of a cluster before its users and roles: one call per member and a few more,
/// independent of the number of users.
package struct Survey: Sendable {
  package let members: ClusterMembers
  /// Whether the members that answer hold the same users, roles and keys.
  package let agreement: MemberAgreement
  package let records: Records
  /// The process that changes users and roles now; nil if the lock is free.
  package let lock: LockStatus?
  package let authEnabled: Bool
  /// The active alarms.
  package let alarms: [Alarm]
  /// The access of people that ends, of all files.
  var temporaryAccess: [TemporaryAccess] = []
  /// When the survey was taken.
  package var takenAt = Date.distantPast

  /// The auth revision of the members that answer; nil if it is unknown.
  package var authRevision: Int64? {
    if case .same(let revision) = agreement.authRevision { revision } else { nil }
  }

  /// Asks for the members' versions before anything else.
  /// - Parameters:
  ///   - etcd: A client of the members: see ``EtcdClient/connectToMembers(behind:as:timeout:_:)``.
  ///   - members: As they were just read; nil to read them.
  ///   - largest: A larger store is not hashed, in bytes.
  /// - Throws: ``MembersDiffer`` if the members do not hold the same; ``MemberRefusal``,
  ///   ``EndpointsRefusal``, ``RecordError``, ``EtcdError``.
  package static func take(
    _ etcd: EtcdClient, as credentials: ClientCredentials, members: ClusterMembers? = nil,
    largestHashed largest: Int64 = ClusterMembers.hashedByDefault
  ) async throws -> Survey {
    var current = members
    if current == nil { current = try await ClusterMembers.read(etcd, as: credentials) }
    guard let members = current else { throw CancellationError() }
    if let refusal = MemberRefusal(members) { throw refusal }
    let own = try await etcd.entries(in: OwnKeys.surveyed)
    let authEnabled: Bool
    if let leave = AuthStatusLeave(versions: members.versions) {
      authEnabled = try await etcd.isAuthEnabled(leave)
    } else {
      authEnabled = try await etcd.isAuthEnabled()
    }
    let agreement = try await members.agreement(as: credentials, largestHashed: largest)
    if let refusal = agreement.refusal { throw refusal }
    return Survey(
      members: members, agreement: agreement,
      records: try Records(own),
      lock: try await LockStatus.of(own, etcd), authEnabled: authEnabled,
      alarms: try await etcd.alarms(), temporaryAccess: try TemporaryAccess.all(own), takenAt: Date())
  }

  /// What the active alarms mean for these members; nil without an alarm.
  package var alarmWarning: String? {
    guard !alarms.isEmpty else { return nil }
    let list = alarms.map { alarm in
      let member = members.all.first { $0.id == alarm.memberID }?.name ?? String(alarm.memberID, radix: 16)
      return "\(alarm.kind.rawValue) of \(member)"
    }
    let versions = members.all.compactMap(\.version)
    let effect =
      versions.contains(where: \.alarmDisablesPermissions)
      ? "members before 3.6 enforce no permissions on writes and changes of users"
      : versions.count == members.all.count
        ? "these members enforce permissions all the same, and accept no writes"
        : "whether unreachable members enforce permissions is unknown"
    return "an alarm is active (\(list.joined(separator: ", "))): \(effect)"
  }

  /// - Throws: ``MemberRefusal`` if a member runs a release that does not enforce authentication correctly.
  package func checkBeforeEnablingAuth() throws(MemberRefusal) {
    for member in members.all {
      if let version = member.version, version.forgetsPermissionsAtStart {
        throw .forgetsPermissions(member.name, version)
      }
    }
  }

  /// Checks that no member's store is nearly full, so that a write cannot raise an alarm: while an alarm is
  /// active, members before 3.6 enforce no permissions (etcd pull request 22386).
  /// - Returns: The members whose quota is unknown, and why.
  /// - Throws: ``MemberRefusal``.
  package func checkSpace(
    as credentials: ClientCredentials
  ) async throws(MemberRefusal) -> [(member: String, reason: String)] {
    var unknown: [(String, String)] = []
    for member in members.all {
      switch await member.space(as: credentials) {
      case nil, .enough: break
      case .unknown(_, let reason): unknown.append((member.name, reason))
      case .near(let bytes, let quota): throw .nearlyFull(member.name, bytes: bytes, quota: quota)
      }
    }
    return unknown
  }
}
