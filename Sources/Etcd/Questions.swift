import GRPC
import Keyspace

/// The answer of a member to a permission probe.
package enum Answer: Hashable, Sendable {
  case allowed
  case denied
  /// Unknown: a timeout, a full store, an unreachable member.
  case inconclusive(EtcdError)

  /// Whether the member sees no user: it ignores certificates, or the certificate has no Common Name.
  package var isNoIdentity: Bool {
    if case .inconclusive(let error) = self { error.code == .noIdentity } else { false }
  }
}

/// Permission probes that change nothing: no revision, no data, no event.
///
/// Reads and watches are checked by the member that receives them. Writes are checked when the entry is
/// applied, so a probe costs one entry in the raft log and nothing else (etcd,
/// `server/etcdserver/apply_auth.go`, `checkTxnAuth`).
extension EtcdClient {
  /// May this identity read the range? The request has a revision far in the future. etcd checks the
  /// permission first, so a permitted request gets the error "future revision" and no request returns data.
  package func mayRead(_ range: KeyRange) async -> Answer {
    let request = RangeRequest(
      key: range.lower.bytes, rangeEnd: range.rangeEnd, limit: 1, revision: .max)
    return await answer { () async throws(EtcdError) in
      _ = try await call(KV.range, request, operation: "Range \(range)")
    }
  }

  /// May this identity write the range? A Txn without compares takes its empty first branch, while etcd
  /// checks the permissions of both. The second branch deletes instead of putting, because a delete can name
  /// a range and never counts against the quota.
  package func mayWrite(_ range: KeyRange) async -> Answer {
    let delete = DeleteRangeRequest(key: range.lower.bytes, rangeEnd: range.rangeEnd)
    let request = TxnRequest(failure: [.deleteRange(delete)])
    return await answer { () async throws(EtcdError) in
      _ = try await call(KV.txn, request, operation: "Txn (may write \(range))")
    }
  }

  /// May this identity watch the range? The watch has its own stream, because a refused watch ends others on
  /// the same stream on 3.5.0 to 3.5.5 (etcd issue 14563), and starts at a revision that never comes.
  ///
  /// A member with ``EtcdVersion/mayRefuseWatchWrongly`` also refuses when the auth store has just changed.
  package func mayWatch(_ range: KeyRange) async -> Answer {
    let create = WatchCreate(
      key: range.lower.bytes, rangeEnd: range.rangeEnd, startRevision: .max - 1, isMute: true)
    let operation = "Watch \(range)"
    return await answer { () async throws(EtcdError) in
      try await atSomeMember(operation) { connection async throws(EtcdError) in
        try await connection.openWatch(create, operation: operation, timeout: timeout, token: token)
      }
    }
  }

  /// May this identity list users? The auth API requires the root role, except for a user's own data (etcd,
  /// `server/etcdserver/v3_server.go` and `apply_auth.go`, `needAdminPermission`) and, on 3.7, AuthStatus.
  package func mayAdminister() async -> Answer {
    await answer { () async throws(EtcdError) in _ = try await users() }
  }

  /// Throws what the member reports if it sees no user in the requests of this identity although authentication is on:
  /// it runs without `--client-cert-auth`. Needs no permission, and a learner answers too.
  func checkUserIsSeen() async throws(EtcdError) {
    let request = RangeRequest(key: [0], limit: 1, revision: .max, isSerializable: true)
    let answer = await answer { () async throws(EtcdError) in
      _ = try await call(KV.range, request, operation: "Range (user)")
    }
    if case .inconclusive(let error) = answer, error.code == .noIdentity { throw error }
  }

  func answer(_ ask: () async throws(EtcdError) -> Void) async -> Answer {
    do {
      try await ask()
      return .allowed
    } catch {
      switch error.code {
      case .revisionInFuture: return .allowed
      // For an unknown user the auth API returns "user name not found", other APIs "permission denied".
      case .permissionDenied, .notFound: return .denied
      default: return .inconclusive(error)
      }
    }
  }
}

extension Connection {
  /// Opens a watch and closes it after the member's answer.
  fileprivate func openWatch(
    _ create: WatchCreate, operation: String, timeout: Duration, token: String?
  ) async throws(EtcdError) {
    try await stream(
      Watch.watch, create, operation: operation, timeout: timeout, token: token
    ) { (response) throws(GRPCError) -> Void? in
      guard response.created || response.canceled else { return nil }
      // The permission is checked first, so an answer about a compacted revision means "allowed" too.
      guard response.canceled, response.compactRevision == 0 else { return () }
      throw GRPCError(.unknown, response.cancelReason, processing: .answered)
    }
  }
}
