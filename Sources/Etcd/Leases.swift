import GRPCCore

private typealias Method = Etcdserverpb_Lease.Method

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
    let response: Etcdserverpb_LeaseGrantResponse = try await call(
      Method.LeaseGrant.descriptor, Etcdserverpb_LeaseGrantRequest.with { $0.ttl = seconds },
      operation: "LeaseGrant")
    return Lease(id: response.id)
  }

  /// Begins the lease's term again.
  /// - Returns: False if there is no such lease any more, and nothing of what was put with it.
  package func renew(_ lease: Lease) async throws(EtcdError) -> Bool {
    let request = Etcdserverpb_LeaseKeepAliveRequest.with { $0.id = lease.id }
    let operation = "LeaseKeepAlive"
    return try await atSomeMember(operation) { connection async throws(EtcdError) in
      try await connection.renew(request, operation: operation, timeout: timeout)
    }
  }

  /// How long a lease lasts if nobody renews it, in whole seconds.
  /// - Returns: nil if there is no such lease any more.
  package func remaining(of lease: Lease) async throws(EtcdError) -> Duration? {
    let response: Etcdserverpb_LeaseTimeToLiveResponse = try await call(
      Method.LeaseTimeToLive.descriptor, Etcdserverpb_LeaseTimeToLiveRequest.with { $0.id = lease.id },
      operation: "LeaseTimeToLive")
    // Of one that is not there etcd says -1 (etcd, `server/etcdserver/api/v3rpc/lease.go`, `LeaseTimeToLive`).
    return response.ttl >= 0 ? .seconds(response.ttl) : nil
  }

  /// Ends a lease, and with it what was put with it. Nothing happens where there is none.
  package func revoke(_ lease: Lease) async throws(EtcdError) {
    do {
      let _: Etcdserverpb_LeaseRevokeResponse = try await call(
        Method.LeaseRevoke.descriptor, Etcdserverpb_LeaseRevokeRequest.with { $0.id = lease.id },
        operation: "LeaseRevoke")
    } catch {
      guard error.code == .notFound else { throw error }
    }
  }
}

extension Connection {
  /// Renews once, on a stream of its own. A member that does not find the lease answers with a term of 0 (etcd,
  /// `server/etcdserver/api/v3rpc/lease.go`, `leaseKeepAlive`).
  fileprivate func renew(
    _ request: Etcdserverpb_LeaseKeepAliveRequest, operation: String, timeout: Duration
  ) async throws(EtcdError) -> Bool {
    var options = CallOptions.defaults
    options.timeout = timeout
    do {
      return try await Etcdserverpb_Lease.Client(wrapping: grpc).leaseKeepAlive(options: options) { writer in
        try await writer.write(request)
      } onResponse: { response in
        for try await message in response.messages { return message.ttl > 0 }
        throw RPCError(code: .unavailable, message: "the stream ended without an answer")
      }
    } catch {
      throw EtcdError(error, operation: operation, endpoint: endpoint.description)
    }
  }
}
