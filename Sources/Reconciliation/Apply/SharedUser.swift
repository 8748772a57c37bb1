import Errors
import Etcd
import Segmentation

/// Deletes the user of a shared certificate, and restores it if a program turns out to use it.
///
/// etcd does not record which client uses which certificate. Its members only count the requests that they
/// refuse for missing permission, without the user: see ``Refusals``.
package struct SharedUser: Sendable {
  let etcd: EtcdClient
  let credentials: ClientCredentials
  private let lock: ClusterLock?

  /// - Parameters:
  ///   - etcd: A client of every voting member: each counts only the requests that it refuses itself.
  ///   - lock: Checked before the deletion.
  package init(_ etcd: EtcdClient, as credentials: ClientCredentials, lock: ClusterLock? = nil) {
    self.etcd = etcd
    self.credentials = credentials
    self.lock = lock
  }

  /// What happened to the shared user.
  package enum Outcome: Hashable, Sendable {
    case wasNotThere
    case removed
    /// More requests were refused than before, so the user was created again with its roles.
    case givenBack(refused: Int)
    /// A member did not return its count, or has restarted, so it is unknown whether requests were refused; the
    /// user was created again with its roles.
    case givenBackUncounted(String)

    /// Whether the user does not exist any more.
    var isRemoved: Bool {
      switch self {
      case .wasNotThere, .removed: true
      case .givenBack, .givenBackUncounted: false
      }
    }
  }

  /// The user and its roles; nil if it does not exist.
  func current(_ user: String) async throws(EtcdError) -> Record.LeavingUser? {
    guard try await etcd.users().contains(user) else { return nil }
    return Record.LeavingUser(name: user, roles: try await etcd.roles(ofUser: user))
  }

  /// Creates a user again that a killed process deleted.
  /// - Returns: Whether the user did not exist.
  func restore(_ leaving: Record.LeavingUser) async throws -> Bool {
    if try await etcd.users().contains(leaving.name) { return false }
    try await giveBack(leaving.name, leaving.roles)
    return true
  }

  /// - Parameter watch: How long refusals are counted before the deletion, and as long afterwards.
  /// - Throws: ``EtcdError`` from before the deletion; the user exists then. ``SharedUserLost`` if the user
  ///   could not be created again.
  package func remove(
    _ user: String, watching watch: Duration, progress: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> Outcome {
    guard try await etcd.users().contains(user) else { return .wasNotThere }
    let roles = try await etcd.roles(ofUser: user)
    progress("counting refused requests while '\(user)' exists")
    let refusals = Refusals(endpoints: etcd.endpoints, credentials: credentials)
    let start = try await refusals.denied()
    try await Task.sleep(for: watch)
    guard let before = try await refusals.denied().increase(since: start) else {
      throw EtcdError(
        code: .other, operation: "GET /metrics", endpoint: "-",
        message: "a member restarted while refused requests were counted; nothing was changed")
    }
    // A separate task, so that an interruption does not cancel it: a user that is needed is restored.
    return try await Task {
      let start = try await refusals.denied()
      try await Apply(etcd, lock: lock).make(.deleteUser(user))
      progress("counting refused requests without '\(user)'")
      try await Task.sleep(for: watch)
      var problem = "a member restarted meanwhile"
      var refused: Int?
      do throws(EtcdError) {
        refused = try await refusals.denied().increase(since: start)
      } catch { problem = "\(error)" }
      if let refused, refused <= before { return .removed }
      try await giveBack(user, roles)
      return if let refused { .givenBack(refused: refused - before) } else { .givenBackUncounted(problem) }
    }.value
  }

  private func giveBack(_ user: String, _ roles: [String]) async throws {
    do {
      try await Apply(etcd).make(.addUser(user))
      for role in roles { try await Apply(etcd).make(.link(user: user, role: role)) }
    } catch { throw SharedUserLost(user: user, roles: roles, reason: "\(error)") }
  }
}

/// The shared user was deleted, is still needed, and could not be created again.
package struct SharedUserLost: ExplainedError, Sendable {
  package let user: String
  package let roles: [String]
  package let reason: String

  package var description: String {
    "the shared user '\(user)' was deleted and could not be created again: \(reason)"
  }

  package var hint: String? {
    ([EtcdctlCommand.line(["user", "add"], [user], flags: ["--no-password"])]
      + roles.map { EtcdctlCommand.line(["user", "grant-role"], [user, $0]) })
      .joined(separator: " && ")
  }
}
