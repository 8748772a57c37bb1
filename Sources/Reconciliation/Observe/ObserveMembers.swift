import Errors
import Etcd
import Names

extension ClusterState {
  /// The most users whose empty password is tried at more than one member: each attempt is a line in the member's log.
  package static let mostLoginsEverywhere = 50

  /// Reads the users and roles at each voting member that answers and compares them. Each member enforces what it stores
  /// itself, and members that were restored from different snapshots can have the same auth revision.
  ///
  /// A user that accepts the empty password at one member does so in the result. The passwords of users that log in with
  /// one are tried at the first member.
  /// - Parameters:
  ///   - etcd: A client of the members: see ``EtcdClient/connectToMembers(behind:as:timeout:_:)``.
  ///   - tryingPasswords, passwords, authEnabled: As for ``observe(_:passwords:tryingPasswords:authEnabled:progress:)``.
  /// - Throws: ``MembersDiffer``; ``EndpointMoved``; ``EtcdError`` also if one of these members does not answer any more.
  package static func observe(
    _ etcd: EtcdClient, atEachOf members: ClusterMembers, passwords: [String: [String]] = [:],
    tryingPasswords: Bool = true, authEnabled: Bool? = nil, progress: @Sendable (String) -> Void = { _ in }
  ) async throws -> ClusterState {
    let asked = members.reachable.filter { member in
      member.endpoint.map { etcd.endpoints.contains($0) } ?? false
    }
    guard asked.count > 1 else {
      return try await observe(
        etcd, passwords: passwords, tryingPasswords: tryingPasswords, authEnabled: authEnabled,
        progress: progress)
    }
    var attempt = 1
    while true {
      let first = try await read(asked[0], etcd, passwords, tryingPasswords, authEnabled, progress).get()
      let triesAll = tryingPasswords && first.users.count <= mostLoginsEverywhere
      let isOn = first.authEnabled
      let answers = await Etcd.concurrently(Array(asked.dropFirst()), limit: asked.count) {
        member -> Result<ClusterState, EtcdError> in
        await read(member, etcd, [:], triesAll, isOn, { _ in })
      }
      let states = [first] + (try answers.map { try $0.get() })
      let digests = states.map { String($0.withoutPasswords.digest.prefix(12)) }
      if Set(digests).count == 1 {
        try await checkIdentity(of: asked, etcd)
        return first.withEmptyPasswords(of: states)
      }
      // Another client may have changed users or roles meanwhile.
      guard attempt < 3 else {
        throw MembersDiffer(
          what: "users and roles", evidence: "digest",
          values: zip(asked, digests).map { .init(member: $0.0.name, value: $0.1) })
      }
      attempt += 1
      try await Task.sleep(for: .seconds(1))
    }
  }

  /// Reads one member, again if the leader may have changed meanwhile.
  private static func read(
    _ member: ClusterMember, _ etcd: EtcdClient, _ passwords: [String: [String]], _ tryingPasswords: Bool,
    _ authEnabled: Bool?, _ progress: @Sendable (String) -> Void
  ) async -> Result<ClusterState, EtcdError> {
    let client = member.endpoint.map(etcd.only) ?? etcd
    var attempt = 1
    while true {
      do throws(EtcdError) {
        return .success(
          try await observe(
            client, passwords: passwords, tryingPasswords: tryingPasswords, authEnabled: authEnabled,
            progress: progress))
      } catch {
        guard error.isTransient, attempt < 3 else { return .failure(error) }
      }
      attempt += 1
      try? await Task.sleep(for: .seconds(1))
    }
  }

  /// Checks that each connection still leads to the member that was read: a proxy may send connections elsewhere.
  private static func checkIdentity(of members: [ClusterMember], _ etcd: EtcdClient)
    async throws(EndpointMoved)
  {
    for member in members {
      guard let endpoint = member.endpoint, let status = try? await etcd.only(endpoint).status(),
        status.memberID != member.id
      else { continue }
      throw EndpointMoved(endpoint: endpoint, member: member.name)
    }
  }

  private func withEmptyPasswords(of states: [ClusterState]) -> ClusterState {
    var state = self
    for other in states {
      for (name, user) in other.users where user.acceptsEmptyPassword {
        state.users[name]?.acceptsEmptyPassword = true
      }
    }
    return state
  }
}

/// An endpoint led to one member and leads to another one now.
package struct EndpointMoved: ExplainedError, Hashable, Sendable {
  let endpoint: Endpoint
  let member: String

  package var description: String {
    "\(endpoint) led to the member \(member) and leads to another one now: it is a load balancer or proxy"
  }
  package var hint: String? { "list under etcd.endpoints the addresses that the members advertise" }
}
