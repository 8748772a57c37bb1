import Etcd
import Keyspace

/// What is known of a cluster before its users and roles are read: as many calls as there are members, and a few more,
/// however many users there are.
package struct Survey: Sendable {
  package let members: [SurveyedMember]
  package let record: Record?
  /// Who changes users and roles at this moment; nil if nobody does.
  package let lock: HeldLock?
  package let authEnabled: Bool
  /// nil if it cannot be learned without harm, or the members do not agree.
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

  /// The cluster's auth revision: by AuthStatus where that harms nobody, else from the metrics of every member, which
  /// any release has.
  static func authRevision(
    of etcd: EtcdClient, _ members: [SurveyedMember], as credentials: ClientCredentials
  ) async throws(EtcdError) -> Int64? {
    if let leave = AuthStatusLeave(versions: members.map(\.version)) {
      return try await etcd.authRevision(leave)
    }
    // A member may be a little behind the last change.
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

  /// Members that could not be asked: whether they are safe is not known.
  package var unknownMembers: [SurveyedMember] { members.filter { $0.status == nil } }

  /// - Throws: ``MemberRefusal`` if a member could not enforce what authentication promises.
  package func checkBeforeEnablingAuth() throws(MemberRefusal) {
    for member in members {
      if let version = member.version, version.forgetsPermissionsAtStart {
        throw .forgetsPermissions(member.name, version)
      }
    }
  }

  /// Makes sure that no member's store is so full that writing could raise an alarm, during which members before 3.6
  /// enforce nothing (etcd pull request 22386).
  /// - Throws: ``MemberRefusal``.
  package func checkSpace(as credentials: ClientCredentials) async throws(MemberRefusal) {
    for member in members {
      guard let endpoint = member.endpoint, let status = member.status else { continue }
      var quota = status.quota
      if quota == nil { quota = (try? await Metrics.read(from: endpoint, as: credentials))?.quota }
      // A limit below zero is none.
      guard let quota, quota > 0, Double(status.databaseSize) > 0.95 * Double(quota) else { continue }
      throw MemberRefusal.nearlyFull(member.name, bytes: status.databaseSize, quota: quota)
    }
  }
}
