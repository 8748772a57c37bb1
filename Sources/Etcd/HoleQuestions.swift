import Keyspace

/// Probes that a member answers with "allowed" only if it has a known vulnerability. They change nothing: the
/// request is only checked, concerns a future revision, or a member that does not exist.
extension EtcdClient {
  /// May this identity write the range in a Txn inside a Txn? Neither is executed: see ``mayWrite(_:)``.
  /// (CVE-2026-33343: the inner one is not checked.)
  package func mayWriteInNestedTxn(_ range: KeyRange) async -> Answer {
    let delete = DeleteRangeRequest(key: range.lower.bytes, rangeEnd: range.rangeEnd)
    let inner = TxnRequest(failure: [.deleteRange(delete)])
    let outer = TxnRequest(failure: [.txn(inner)])
    return await answer { () async throws(EtcdError) in
      _ = try await call(KV.txn, outer, operation: "Txn in Txn (may write \(range))")
    }
  }

  /// May this identity compact the store? The request has the highest possible revision, which etcd refuses
  /// as a future revision. Never use revision 0, which a store that was never compacted accepts.
  package func mayCompact() async -> Answer {
    await answer { () async throws(EtcdError) in
      _ = try await call(
        KV.compact, CompactionRequest(revision: .max), operation: "Compact (of the future)")
    }
  }

  /// May this identity disarm alarms? The request has alarm kind NONE and a member that does not exist, so it
  /// has no effect. Never activate an alarm: some releases then check no permissions.
  package func mayDisarmAlarms() async -> Answer {
    let request = AlarmRequest(action: .deactivate, memberID: .max - 1, alarm: .none)
    return await answer { () async throws(EtcdError) in
      _ = try await call(Maintenance.alarm, request, operation: "Alarm DEACTIVATE (of nobody)")
    }
  }
}
