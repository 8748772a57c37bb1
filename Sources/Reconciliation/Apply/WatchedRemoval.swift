import Errors
import Etcd
import Segmentation

/// Takes access away that a program may still use, and gives it back if one turns out to use it: deletes the user of a
/// shared certificate, or takes the role root from kube-apiserver.
///
/// etcd does not record which client uses which certificate. Its members only count the requests that they
/// refuse for missing permission, without the user: see ``Refusals``.
package struct WatchedRemoval: Sendable {
  let etcd: EtcdClient
  private let refusals: Refusals
  private let lock: ClusterLock?

  /// - Parameters:
  ///   - etcd: A client of every voting member.
  ///   - members: Each counts only the requests that it refuses itself.
  ///   - lock: Checked before the removal.
  package init(
    _ etcd: EtcdClient, _ members: ClusterMembers, as credentials: ClientCredentials,
    lock: ClusterLock? = nil
  ) {
    self.etcd = etcd
    refusals = Refusals(members, as: credentials)
    self.lock = lock
  }

  /// What happened to the access.
  package enum Outcome: Hashable, Sendable {
    case wasNotThere
    case removed
    /// More requests were refused than before, so the access was given back.
    case givenBack(refused: Int)
    /// A member did not return its count, or has restarted, so it is unknown whether requests were refused; the
    /// access was given back.
    case givenBackUncounted(String)

    package var isGivenBack: Bool {
      switch self {
      case .wasNotThere, .removed: false
      case .givenBack, .givenBackUncounted: true
      }
    }
  }

  /// The users among these that exist, with their roles.
  func current(_ users: [String]) async throws(EtcdError) -> [Record.LeavingUser] {
    let existing = Set(try await etcd.users())
    var found: [Record.LeavingUser] = []
    for user in users where existing.contains(user) {
      found.append(Record.LeavingUser(name: user, roles: try await etcd.roles(ofUser: user)))
    }
    return found
  }

  /// Gives access back that a killed process took away.
  func restore(_ interrupted: InterruptedRemovals) async throws {
    guard !interrupted.restorable.isEmpty else { return }
    try await lock?.check()
    try await giveBack(interrupted.restorable)
  }

  /// Counts refused requests for a time, takes the access away, and counts for the same time again, or until more
  /// requests were refused than before.
  /// - Parameter leaving: What is taken from each user: see ``Record/LeavingUser/staysAsUser``.
  /// - Throws: ``EtcdError`` from before the removal; nothing is changed then. ``AccessLost`` if the access could not be
  ///   given back.
  package func remove(
    _ leaving: [Record.LeavingUser], _ watch: WatchRequest,
    progress: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> Outcome {
    guard !leaving.isEmpty else { return .wasNotThere }
    let names = leaving.map { "'\($0.name)'" }.joined(separator: ", ")
    progress("counting refused requests before \(names) \(leaving.count == 1 ? "loses" : "lose") access")
    let start = await refusals.read()
    try await Task.sleep(for: watch.duration)
    let before = refusals.changes(.denied, from: start, to: await refusals.read())
    if let problem = before.problem {
      throw EtcdError(
        code: .other, operation: "GET /metrics", endpoint: "-", message: "\(problem); nothing was changed")
    }
    // A separate task, so that an interruption does not cancel it: access that is needed is given back.
    return try await Task {
      let start = await refusals.read()
      let moment = ContinuousClock.now
      var outcome = Outcome.removed
      do {
        for change in leaving.flatMap(\.removals) { try await Apply(etcd, lock: lock).make(change) }
        repeat {
          let left = watch.duration - (ContinuousClock.now - moment)
          progress(
            "counting refused requests without the access of \(names), \(max(0, left.components.seconds)) s left"
          )
          try await Task.sleep(for: max(.milliseconds(100), min(.seconds(1), left)))
          outcome = Self.judge(
            before, refusals.changes(.denied, from: start, to: await refusals.read()), watch.known)
        } while !outcome.isGivenBack && ContinuousClock.now - moment < watch.duration
      } catch {
        try await giveBack(leaving)
        throw error
      }
      if outcome.isGivenBack { try await giveBack(leaving) }
      return outcome
    }.value
  }

  /// A method's requests that are refused beyond those before, and beyond what one command of a person is known to be
  /// refused, are taken for those of a program that needs the access.
  static func judge(
    _ before: [RefusalChange], _ after: [RefusalChange], _ known: [KnownRefusal]
  ) -> Outcome {
    if let problem = after.problem { return .givenBackUncounted(problem) }
    let earlier = before.methods
    let more = after.methods.reduce(0) { sum, entry in
      let expected = known.filter { $0.method == entry.key }.reduce(earlier[entry.key] ?? 0) {
        $0 + $1.atOnce
      }
      return sum + max(0, entry.value - expected)
    }
    return more > 0 ? .givenBack(refused: more) : .removed
  }

  private func giveBack(_ leaving: [Record.LeavingUser]) async throws {
    for user in leaving {
      do {
        if try await !etcd.patiently({ () async throws(EtcdError) in try await etcd.users() })
          .contains(user.name)
        {
          try await Apply(etcd).make(.addUser(user.name))
        }
        for role in user.roles { try await Apply(etcd).make(.link(user: user.name, role: role)) }
      } catch { throw AccessLost(user: user, reason: "\(error)") }
    }
  }
}

extension Record.LeavingUser {
  /// What takes the access away.
  fileprivate var removals: [Change] {
    staysAsUser ? roles.map { .unlink(user: name, role: $0) } : [.deleteUser(name)]
  }

  /// The commands that give the access back.
  func etcdctl(creating: Bool) -> String {
    ((creating ? [EtcdctlCommand.line(["user", "add"], [name], flags: ["--no-password"])] : [])
      + roles.map { EtcdctlCommand.line(["user", "grant-role"], [name, $0]) })
      .joined(separator: " && ")
  }
}

/// Access was taken away, is still needed, and could not be given back.
package struct AccessLost: ExplainedError, Sendable {
  let user: Record.LeavingUser
  let reason: String

  package var description: String {
    user.staysAsUser
      ? "the user '\(user.name)' lost the role \(user.roles.joined(separator: ", ")), which could not be given back: \(reason)"
      : "the shared user '\(user.name)' was deleted and could not be created again: \(reason)"
  }

  package var hint: String? { user.etcdctl(creating: !user.staysAsUser) }
}
