import Etcd
import Names

/// How many requests the members have refused, by their own count (`/metrics`, `grpc_server_handled_total`).
/// The count does not name the users. A member that restarts counts from zero.
struct Refusals: Sendable {
  /// One for each member that answers.
  let endpoints: [Endpoint]
  let credentials: ClientCredentials

  /// The count of each member.
  typealias Counts = [Endpoint: Int]

  /// Requests that were refused for missing permission.
  func denied() async throws(EtcdError) -> Counts {
    try await count { $0.contains("grpc_code=\"PermissionDenied\"") }
  }

  /// Reads and writes without a user name: nearly all that etcd refuses as invalid.
  func nameless() async throws(EtcdError) -> Counts {
    try await count {
      $0.contains("grpc_code=\"InvalidArgument\"") && $0.contains("grpc_service=\"etcdserverpb.KV\"")
    }
  }

  private func count(_ isCounted: (_ labels: String) -> Bool) async throws(EtcdError) -> Counts {
    var counts: Counts = [:]
    for endpoint in endpoints {
      let metrics = try await Metrics.read(from: endpoint, as: credentials)
      var sum = 0.0
      for (name, value) in metrics.values
      where name.hasPrefix("grpc_server_handled_total{") && isCounted(name) { sum += value }
      counts[endpoint] = Int(exactly: sum) ?? 0
    }
    return counts
  }
}

extension Refusals.Counts {
  /// How many more requests were refused than at an earlier time, by all members together.
  /// - Returns: nil if it is unknown: a member is missing, or its count fell because it restarted.
  func increase(since before: Refusals.Counts) -> Int? {
    var sum = 0
    guard keys == before.keys else { return nil }
    for (endpoint, count) in self {
      guard let earlier = before[endpoint], count >= earlier else { return nil }
      sum += count - earlier
    }
    return sum
  }
}
