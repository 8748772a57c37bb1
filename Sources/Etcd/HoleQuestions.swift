import Keyspace

/// Questions that a member answers "allowed" only if it has a known hole. Like the other questions they change
/// nothing: what is asked for is only checked, lies in the future, or does not exist.
extension EtcdClient {
  /// May this identity write the range by a Txn inside a Txn? Neither is executed: see ``mayWrite(_:)``.
  /// (CVE-2026-33343: the inner one is not checked.)
  package func mayWriteInNestedTxn(_ range: KeyRange) async -> Answer {
    let delete = DeleteRangeRequest(key: range.lower.bytes, rangeEnd: range.rangeEnd)
    let inner = TxnRequest(failure: [.deleteRange(delete)])
    let outer = TxnRequest(failure: [.txn(inner)])
    return await answer { () async throws(EtcdError) in
      _ = try await call(KV.txn, outer, operation: "Txn in Txn (may write \(range))")
    }
  }

  /// May this identity compact the store? Asked for the last revision there can be, which is refused as being in the
  /// future. Never for revision 0, which a store that was never compacted accepts.
  package func mayCompact() async -> Answer {
    await answer { () async throws(EtcdError) in
      _ = try await call(
        KV.compact, CompactionRequest(revision: .max), operation: "Compact (of the future)")
    }
  }

  /// May this identity end alarms? Asked for an alarm without a kind of a member that there is not. Never to set one,
  /// after which some releases check nothing any more.
  package func mayDisarmAlarms() async -> Answer {
    let request = AlarmRequest(action: .deactivate, memberID: .max - 1, alarm: .none)
    return await answer { () async throws(EtcdError) in
      _ = try await call(Maintenance.alarm, request, operation: "Alarm DEACTIVATE (of nobody)")
    }
  }
}
