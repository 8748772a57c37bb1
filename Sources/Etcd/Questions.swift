import GRPC
import Keyspace

/// What etcd says to "may I?".
package enum Answer: Hashable, Sendable {
  case allowed
  case denied
  /// Neither: a timeout, a full store, a member that is away.
  case inconclusive(EtcdError)
}

/// Questions about permission that change nothing: no revision, no data, no event.
///
/// Reading and watching are refused by the member that is asked; writing is judged when the entry is applied, so
/// it costs one entry of the raft log and nothing else (etcd, `server/etcdserver/apply_auth.go`, `checkTxnAuth`).
extension EtcdClient {
  /// May this identity read the range? Asked for a revision that lies far in the future: the permission comes
  /// first, so whoever may read is told that there is no such revision, and nobody is sent any data.
  package func mayRead(_ range: KeyRange) async -> Answer {
    let request = RangeRequest(
      key: range.lower.bytes, rangeEnd: range.rangeEnd, limit: 1, revision: .max)
    return await answer { () async throws(EtcdError) in
      _ = try await call(KV.range, request, operation: "Range \(range)")
    }
  }

  /// May this identity write the range? A Txn without compares takes its empty first branch, while etcd checks the
  /// permission of both. The other branch deletes rather than puts, because a delete can ask for a range too and
  /// never counts against the quota.
  package func mayWrite(_ range: KeyRange) async -> Answer {
    let delete = DeleteRangeRequest(key: range.lower.bytes, rangeEnd: range.rangeEnd)
    let request = TxnRequest(failure: [.deleteRange(delete)])
    return await answer { () async throws(EtcdError) in
      _ = try await call(KV.txn, request, operation: "Txn (may write \(range))")
    }
  }

  /// May this identity watch the range? Asked on a stream of its own, because a refused watch ends others of the
  /// same stream on 3.5.0 to 3.5.5 (etcd issue 14563), and from a revision that never comes.
  ///
  /// A member whose ``EtcdVersion/mayRefuseWatchWrongly`` also says no when the auth store has just changed.
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

  /// May this identity list users? Everything of the auth API but a look at oneself needs the root role
  /// (etcd, `server/etcdserver/v3_server.go` and `apply_auth.go`, `needAdminPermission`).
  package func mayAdminister() async -> Answer {
    await answer { () async throws(EtcdError) in _ = try await users() }
  }

  func answer(_ ask: () async throws(EtcdError) -> Void) async -> Answer {
    do {
      try await ask()
      return .allowed
    } catch {
      switch error.code {
      case .revisionInFuture: return .allowed
      // An unknown user gets "user name not found" from the auth API and "permission denied" elsewhere.
      case .permissionDenied, .notFound: return .denied
      default: return .inconclusive(error)
      }
    }
  }
}

extension Connection {
  /// Opens a watch and closes it when the member has answered.
  fileprivate func openWatch(
    _ create: WatchCreate, operation: String, timeout: Duration, token: String?
  ) async throws(EtcdError) {
    try await stream(
      Watch.watch, create, operation: operation, timeout: timeout, token: token
    ) { response throws(GRPCError) in
      guard response.created || response.canceled else { return nil }
      // The permission is checked first, so an answer about a compacted revision is a yes as well.
      guard response.canceled, response.compactRevision == 0 else { return () }
      throw GRPCError(.unknown, response.cancelReason, processing: .answered)
    }
  }
}
