import Etcd
import Segmentation

/// Takes the user of a shared certificate away, and gives it back if somebody turns out to use it.
///
/// etcd keeps no record of who uses which certificate. What its members do count is how many requests they have
/// refused for want of permission, by no matter whom (`/metrics`, `grpc_server_handled_total`).
public struct SharedUser: Sendable {
  let etcd: EtcdClient
  let credentials: ClientCredentials

  public init(_ etcd: EtcdClient, as credentials: ClientCredentials) {
    self.etcd = etcd
    self.credentials = credentials
  }

  public enum Outcome: Hashable, Sendable {
    case wasNotThere
    case removed
    /// More requests were refused than before, so the user has its roles again.
    case givenBack(refused: Int)
  }

  /// - Parameter watch: How long the refusals are counted before, and as long afterwards.
  /// - Throws: ``EtcdError``; the user is then there or not, and running again goes on.
  public func remove(
    _ user: String, watching watch: Duration, progress: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> Outcome {
    guard try await etcd.users().contains(user) else { return .wasNotThere }
    let roles = try await etcd.roles(ofUser: user)
    progress("counting refused requests while '\(user)' is there")
    let start = try await refusals()
    try await Task.sleep(for: watch)
    let before = try await refusals() - start
    // A task of its own, which an interruption does not reach: whoever needs the user gets it back.
    return try await Task {
      let start = try await refusals()
      try await Apply(etcd).make(.deleteUser(user))
      progress("counting refused requests without '\(user)'")
      try await Task.sleep(for: watch)
      let refused = try await refusals() - start - max(0, before)
      guard refused > 0 else { return .removed }
      try await Apply(etcd).make(.addUser(user))
      for role in roles { try await Apply(etcd).make(.link(user: user, role: role)) }
      return .givenBack(refused: refused)
    }.value
  }

  /// Requests that the members have refused for want of permission.
  private func refusals() async throws(EtcdError) -> Int {
    var sum = 0.0
    for endpoint in etcd.endpoints {
      let metrics = try await Metrics.read(from: endpoint, as: credentials)
      for (name, value) in metrics.values
      where name.hasPrefix("grpc_server_handled_total{") && name.contains("grpc_code=\"PermissionDenied\"") {
        sum += value
      }
    }
    return Int(sum)
  }
}
