import GRPC
import Keyspace

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

  /// Leases with keys attached that last for a while, the longest first, with one of their keys. At most 50 leases are
  /// looked at. Needs the role root.
  package func leasesWithKeys(
    lasting least: Duration = .seconds(60)
  ) async throws(EtcdError) -> [(lease: Lease, key: Key)] {
    let all = try await call(Leases.list, EmptyRequest(), operation: "LeaseLeases").leases
    var found: [(lease: Lease, key: Key, seconds: Int64)] = []
    for lease in all.prefix(50) {
      let answer = try await call(
        Leases.timeToLive, LeaseRequest(id: lease.id, withKeys: true),
        operation: "LeaseTimeToLive (with keys)")
      guard answer.ttl >= least.components.seconds, let key = answer.keys.first else { continue }
      found.append((Lease(id: lease.id), Key(key), answer.ttl))
    }
    return found.sorted { $0.seconds > $1.seconds }.map { ($0.lease, $0.key) }
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
