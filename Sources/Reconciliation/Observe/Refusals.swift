import Etcd

/// How many requests the members have refused, by their own count (`/metrics`, `grpc_server_handled_total`).
/// The count does not name the users.
struct Refusals: Sendable {
  let etcd: EtcdClient
  let credentials: ClientCredentials

  /// Requests that were refused for missing permission.
  func denied() async throws(EtcdError) -> Int {
    try await count { $0.contains("grpc_code=\"PermissionDenied\"") }
  }

  /// Reads and writes without a user name: nearly all that etcd refuses as invalid.
  func nameless() async throws(EtcdError) -> Int {
    try await count {
      $0.contains("grpc_code=\"InvalidArgument\"") && $0.contains("grpc_service=\"etcdserverpb.KV\"")
    }
  }

  private func count(_ isCounted: (_ labels: String) -> Bool) async throws(EtcdError) -> Int {
    var sum = 0.0
    for endpoint in etcd.endpoints {
      let metrics = try await Metrics.read(from: endpoint, as: credentials)
      for (name, value) in metrics.values
      where name.hasPrefix("grpc_server_handled_total{") && isCounted(name) { sum += value }
    }
    return Int(sum)
  }
}
