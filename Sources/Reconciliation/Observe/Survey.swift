import Etcd
import Keyspace

/// What Bulkhead reads of a cluster before its users and roles: one call per member and a few more,
/// independent of the number of users.
package struct Survey: Sendable {
  package let members: [SurveyedMember]
  package let record: Record?
  /// The process that changes users and roles now; nil if the lock is free.
  package let lock: HeldLock?
  package let authEnabled: Bool
  /// nil if it must be read from the metrics and they cannot be read from every member, or differ.
  package let authRevision: Int64?

  /// Asks for the members' versions before anything else.
  /// - Throws: ``MemberRefusal``, ``RecordError``, ``EtcdError``.
  package static func take(_ etcd: EtcdClient, as credentials: ClientCredentials) async throws -> Survey {
    let members = try await SurveyedMember.all(of: etcd, as: credentials)
    if let refusal = MemberRefusal(members) { throw refusal }
    let own = try await etcd.entries(in: OwnKeys.all)
    return Survey(
      members: members, record: try own.first { $0.key == OwnKeys.record }.map { try Record($0.value) },
      lock: try await HeldLock.of(own, etcd), authEnabled: try await etcd.isAuthEnabled(),
      authRevision: try await authRevision(of: etcd, members, as: credentials))
  }

  /// The auth revision of the cluster: from AuthStatus of one member if every member is known to support that
  /// call, else from the metrics of every member, which every release has.
  static func authRevision(
    of etcd: EtcdClient, _ members: [SurveyedMember], as credentials: ClientCredentials
  ) async throws(EtcdError) -> Int64? {
    if let leave = AuthStatusLeave(versions: members.map(\.version)) {
      return try await etcd.authRevision(leave)
    }
    // A member may be slightly behind the last change.
    for attempt in 1...5 {
      var revisions: Set<Int64> = []
      for member in members {
        guard let endpoint = member.endpoint,
          let revision = try? await Metrics.read(from: endpoint, as: credentials).authRevision
        else { return nil }
        revisions.insert(revision)
      }
      if revisions.count == 1 { return revisions.first }
      if attempt < 5 { try? await Task.sleep(for: .milliseconds(200)) }
    }
    return nil
  }

  /// Members that did not answer, so that it is unknown whether they are safe.
  package var unknownMembers: [SurveyedMember] { members.filter { $0.status == nil } }

  /// - Throws: ``MemberRefusal`` if a member runs a release that does not enforce authentication correctly.
  package func checkBeforeEnablingAuth() throws(MemberRefusal) {
    for member in members {
      if let version = member.version, version.forgetsPermissionsAtStart {
        throw .forgetsPermissions(member.name, version)
      }
    }
  }

  /// Checks that no member's store is nearly full, so that a write cannot raise an alarm: while an alarm is
  /// active, members before 3.6 enforce no permissions (etcd pull request 22386).
  /// - Throws: ``MemberRefusal``.
  package func checkSpace(as credentials: ClientCredentials) async throws(MemberRefusal) {
    for member in members {
      guard let endpoint = member.endpoint, let status = member.status else { continue }
      var quota = status.quota
      if quota == nil { quota = (try? await Metrics.read(from: endpoint, as: credentials))?.quota }
      // A negative quota means no limit.
      guard let quota, quota > 0, Double(status.databaseSize) > 0.95 * Double(quota) else { continue }
      throw MemberRefusal.nearlyFull(member.name, bytes: status.databaseSize, quota: quota)
    }
  }
}
