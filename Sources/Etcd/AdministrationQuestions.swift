import GRPC
import Keyspace

/// Permission probes for the calls that need the role root, beside the auth API. They change nothing.
extension EtcdClient {
  /// May this identity use the maintenance API? Asks for the hash of the store at the highest possible
  /// revision: etcd checks the permission first, then refuses the revision (etcd,
  /// `server/etcdserver/api/v3rpc/maintenance.go`, `authMaintenanceServer`). Snapshot and Defragment have the
  /// same check and are never called: a permitted one would send or rewrite the store.
  package func mayMaintain() async -> Answer {
    await answer { () async throws(EtcdError) in
      _ = try await call(
        Maintenance.hashKV, HashKVRequest(revision: .max), operation: "HashKV (of the future)")
    }
  }

  /// May this identity change the members? Asks to remove a member that does not exist: etcd checks the
  /// permission first (etcd, `server/etcdserver/server.go`, `checkMembershipOperationPermission`), and then
  /// does not find the member.
  package func mayChangeMembers() async -> Answer {
    await answer { () async throws(EtcdError) in
      do throws(EtcdError) {
        _ = try await call(
          ClusterService.memberRemove, MemberRemoveRequest(id: .max - 1),
          operation: "MemberRemove (of an unknown member)", repeatable: false)
      } catch {
        // These follow the check of the permission.
        let permitted = ["member not found", "unhealthy cluster", "not enough started members"]
        guard error.origin == .etcd, permitted.contains(where: error.message.contains) else { throw error }
      }
    }
  }

  /// May this identity read the range with `RangeStream`, which etcd has since 3.7? As ``mayRead(_:)``.
  package func mayStream(_ range: KeyRange) async -> Answer {
    let request = RangeRequest(
      key: range.lower.bytes, rangeEnd: range.rangeEnd, limit: 1, revision: .max)
    let operation = "RangeStream \(range)"
    return await answer { () async throws(EtcdError) in
      try await atSomeMember(operation) { connection async throws(EtcdError) in
        try await connection.stream(
          KV.rangeStream, request, isOnly: true, operation: operation, timeout: timeout, token: token
        ) { (_) throws(GRPCError) -> Void? in () }
      }
    }
  }
}
