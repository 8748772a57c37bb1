import Etcd

/// How many requests the members have refused, as they count themselves (`/metrics`, `grpc_server_handled_total`): by
/// whom is not told.
struct Refusals: Sendable {
  let etcd: EtcdClient
  let credentials: ClientCredentials

  /// For want of permission.
  func denied() async throws(EtcdError) -> Int {
    try await count { $0.contains("grpc_code=\"PermissionDenied\"") }
  }

  /// Reads and writes that carried no user: as good as all that are refused as invalid.
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
