import GRPC

/// An etcd lease. etcd deletes the keys that are attached to it when it expires.
package struct Lease: Hashable, Sendable {
  package let id: Int64

  package init(id: Int64) { self.id = id }
}

/// Leases. etcd expires a lease some time after its time to live, never before. A new leader gives each lease
/// its full time to live again (etcd, `server/lease/lessor.go`, `Promote`).
extension EtcdClient {
  /// - Parameter seconds: The time to live. etcd raises a value below its election timeout, about two
  ///   seconds.
  package func grantLease(seconds: Int64) async throws(EtcdError) -> Lease {
    Lease(id: try await call(Leases.grant, LeaseGrantRequest(ttl: seconds), operation: "LeaseGrant").id)
  }

  /// Renews the lease for its full time to live.
  /// - Returns: false if the lease and its keys no longer exist.
  package func renew(_ lease: Lease) async throws(EtcdError) -> Bool {
    let operation = "LeaseKeepAlive"
    return try await atSomeMember(operation) { connection async throws(EtcdError) in
      try await connection.renew(lease, operation: operation, timeout: timeout, token: token)
    }
  }

  /// The remaining time of a lease if it is not renewed, and its full time to live, in whole seconds.
  /// - Returns: nil if the lease no longer exists.
  package func remaining(of lease: Lease) async throws(EtcdError) -> (remaining: Duration, granted: Duration)?
  {
    let response = try await call(
      Leases.timeToLive, LeaseRequest(id: lease.id), operation: "LeaseTimeToLive")
    // etcd returns -1 for a lease that does not exist (etcd, `server/etcdserver/api/v3rpc/lease.go`,
    // `LeaseTimeToLive`).
    return response.ttl >= 0 ? (.seconds(response.ttl), .seconds(response.grantedTTL)) : nil
  }

  /// Revokes a lease, which deletes its keys. It does nothing if the lease does not exist.
  package func revoke(_ lease: Lease) async throws(EtcdError) {
    do {
      _ = try await call(Leases.revoke, LeaseRequest(id: lease.id), operation: "LeaseRevoke")
    } catch {
      guard error.code == .notFound else { throw error }
    }
  }
}

extension Connection {
  /// Renews once, on its own stream. A member that does not find the lease answers with a time to live of 0
  /// (etcd, `server/etcdserver/api/v3rpc/lease.go`, `leaseKeepAlive`).
  fileprivate func renew(
    _ lease: Lease, operation: String, timeout: Duration, token: String?
  ) async throws(EtcdError) -> Bool {
    try await stream(
      Leases.keepAlive, LeaseRequest(id: lease.id), operation: operation, timeout: timeout, token: token
    ) { response in response.ttl > 0 }
  }
}
