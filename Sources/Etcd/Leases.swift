import GRPC

/// A lease of etcd, by its number: what is put with it goes when it is no longer renewed.
package struct Lease: Hashable, Sendable {
  package let id: Int64

  package init(id: Int64) { self.id = id }
}

/// Leases. etcd ends one some time after its term and never before; a new leader gives every lease its whole term
/// again (etcd, `server/lease/lessor.go`, `Promote`).
extension EtcdClient {
  /// - Parameter seconds: The term. etcd raises one that is shorter than its elections last, some two seconds.
  package func grantLease(seconds: Int64) async throws(EtcdError) -> Lease {
    Lease(id: try await call(Leases.grant, LeaseGrantRequest(ttl: seconds), operation: "LeaseGrant").id)
  }

  /// Begins the lease's term again.
  /// - Returns: False if there is no such lease any more, and nothing of what was put with it.
  package func renew(_ lease: Lease) async throws(EtcdError) -> Bool {
    let operation = "LeaseKeepAlive"
    return try await atSomeMember(operation) { connection async throws(EtcdError) in
      try await connection.renew(lease, operation: operation, timeout: timeout, token: token)
    }
  }

  /// How long a lease lasts if nobody renews it, in whole seconds.
  /// - Returns: nil if there is no such lease any more.
  package func remaining(of lease: Lease) async throws(EtcdError) -> Duration? {
    let response = try await call(
      Leases.timeToLive, LeaseRequest(id: lease.id), operation: "LeaseTimeToLive")
    // Of one that is not there etcd says -1 (etcd, `server/etcdserver/api/v3rpc/lease.go`, `LeaseTimeToLive`).
    return response.ttl >= 0 ? .seconds(response.ttl) : nil
  }

  /// Ends a lease, and with it what was put with it. Nothing happens where there is none.
  package func revoke(_ lease: Lease) async throws(EtcdError) {
    do {
      _ = try await call(Leases.revoke, LeaseRequest(id: lease.id), operation: "LeaseRevoke")
    } catch {
      guard error.code == .notFound else { throw error }
    }
  }
}

extension Connection {
  /// Renews once, on a stream of its own. A member that does not find the lease answers with a term of 0 (etcd,
  /// `server/etcdserver/api/v3rpc/lease.go`, `leaseKeepAlive`).
  fileprivate func renew(
    _ lease: Lease, operation: String, timeout: Duration, token: String?
  ) async throws(EtcdError) -> Bool {
    try await stream(
      Leases.keepAlive, LeaseRequest(id: lease.id), operation: operation, timeout: timeout, token: token
    ) { response in response.ttl > 0 }
  }
}
