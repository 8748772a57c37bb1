import Etcd
import Segmentation

/// Takes the user of a shared certificate away, and gives it back if somebody turns out to use it.
///
/// etcd keeps no record of who uses which certificate. What its members do count is how many requests they have
/// refused for want of permission, by no matter whom: see ``Refusals``.
package struct SharedUser: Sendable {
  let etcd: EtcdClient
  let credentials: ClientCredentials

  package init(_ etcd: EtcdClient, as credentials: ClientCredentials) {
    self.etcd = etcd
    self.credentials = credentials
  }

  package enum Outcome: Hashable, Sendable {
    case wasNotThere
    case removed
    /// More requests were refused than before, so the user has its roles again.
    case givenBack(refused: Int)
  }

  /// - Parameter watch: How long the refusals are counted before, and as long afterwards.
  /// - Throws: ``EtcdError``; the user is then there or not, and running again goes on.
  package func remove(
    _ user: String, watching watch: Duration, progress: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> Outcome {
    guard try await etcd.users().contains(user) else { return .wasNotThere }
    let roles = try await etcd.roles(ofUser: user)
    progress("counting refused requests while '\(user)' is there")
    let refusals = Refusals(etcd: etcd, credentials: credentials)
    let start = try await refusals.denied()
    try await Task.sleep(for: watch)
    let before = try await refusals.denied() - start
    // A task of its own, which an interruption does not reach: whoever needs the user gets it back.
    return try await Task {
      let start = try await refusals.denied()
      try await Apply(etcd).make(.deleteUser(user))
      progress("counting refused requests without '\(user)'")
      try await Task.sleep(for: watch)
      let refused = try await refusals.denied() - start - max(0, before)
      guard refused > 0 else { return .removed }
      try await Apply(etcd).make(.addUser(user))
      for role in roles { try await Apply(etcd).make(.link(user: user, role: role)) }
      return .givenBack(refused: refused)
    }.value
  }
}
