import Etcd
import Segmentation

/// Deletes the user of a shared certificate, and restores it if a program turns out to use it.
///
/// etcd does not record which client uses which certificate. Its members only count the requests that they
/// refuse for missing permission, without the user: see ``Refusals``.
package struct SharedUser: Sendable {
  let etcd: EtcdClient
  let credentials: ClientCredentials

  package init(_ etcd: EtcdClient, as credentials: ClientCredentials) {
    self.etcd = etcd
    self.credentials = credentials
  }

  /// What happened to the shared user.
  package enum Outcome: Hashable, Sendable {
    case wasNotThere
    case removed
    /// More requests were refused than before, so the user was created again with its roles.
    case givenBack(refused: Int)
  }

  /// - Parameter watch: How long refusals are counted before the deletion, and as long afterwards.
  /// - Throws: ``EtcdError``; the user may exist or not. Run again to continue.
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
    // A separate task, so that an interruption does not cancel it: a user that is needed is restored.
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
