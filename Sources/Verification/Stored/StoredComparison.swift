import Etcd
import Keyspace
import Reconciliation
import Segmentation

/// How the users and roles that each member stores differ from the file.
///
/// The calls that list users and roles are executed by the member that receives them, so each member answers
/// for its own store (etcd, `server/etcdserver/apply_auth.go`).
package struct StoredComparison: Sendable {
  /// A difference, and the members that have it.
  package struct Difference: Hashable, Sendable {
    /// The word of ``Drift/Kind``.
    package let kind: String
    /// `role calico-node`, `user alice`.
    package let subject: String
    /// The user or role alone: `calico-node`.
    package let name: String
    /// The difference in words, and what it allows.
    package let meaning: String
    /// Whether the segmentation does not hold because of it. False for a user or role that the file does not
    /// name and that reaches none of the file's keys.
    package let breaksSegmentation: Bool
    /// Whether it is a user of other people that does not count and may do everything or reaches the file's keys.
    package let isExempt: Bool
    /// Whether it is about a user with the role root.
    package let isAdministrator: Bool
    package internal(set) var members: [String]
  }

  /// In the order of the file; what the file does not name comes last.
  package let differences: [Difference]
  /// The members whose users and roles were read.
  package let members: [String]
  /// The members whose users and roles could not be read, and why.
  package let unread: [(member: String, problem: String)]
  /// Each range of a role in the store of a member.
  package let ranges: [KeyRange]
  private let states: [ClusterState]
  /// The number of users and roles that were compared, at the first member.
  package let counts: (users: Int, roles: Int)

  /// What a user may do by the users and roles of any of the members.
  package func permissions(ofUser user: String) -> Permissions {
    states.reduce(Permissions([])) { $0.union($1.permissions(ofUser: user)) }
  }

  /// The rules of the file, checked in what each member stores; members that store the same are named together.
  package func ruleResults(_ file: SegmentationFile) -> [(place: String, result: RuleResult)] {
    guard !file.rules.isEmpty else { return [] }
    return zip(members, states).groupedInOrder(by: \.1).flatMap { state, members in
      let names = members.map(\.0).joined(separator: ", ")
      let stored = state.segmentation(cluster: file.cluster, apiservers: file.apiservers)
      return file.ruleResults(in: stored).map { ("the users and roles of \(names)", $0) }
    }
  }

  /// How to bring back the members without which all would hold the same; nil for a difference that every member has
  /// that was read. etcd does not correct such a difference, and no change of users and roles does.
  package func wayBack(_ difference: Difference) -> String? {
    guard difference.members.count < members.count else { return nil }
    let differ = MembersDiffer(
      what: "users and roles", evidence: difference.subject,
      values: members.map {
        .init(member: $0, value: difference.members.contains($0) ? difference.kind : "no difference")
      })
    return "only \(difference.members.joined(separator: ", ")) of \(members.joined(separator: ", ")) "
      + "\(difference.members.count == 1 ? "has" : "have") it: if that stays while users and roles are not being "
      + "changed, the members do not hold the same. \(differ.hint ?? "")"
  }

  package var breaksSegmentation: Bool {
    !unread.isEmpty || differences.contains(where: \.breaksSegmentation)
  }

  /// Reads and compares the users and roles of each member.
  /// - Parameters:
  ///   - passwords: For each user that is to log in with a password, those that may be the right one.
  ///   - tryingPasswords: False to try no password, so that differences of passwords are not seen.
  ///   - protection: Users and roles of other files, and those that the file protects: other people manage them.
  package static func of(
    _ members: [ServerAssessment.Member], _ etcd: EtcdClient, _ segmentation: Segmentation,
    passwords: [String: [String]] = [:], tryingPasswords: Bool = true,
    protecting protection: Protection = Protection(),
    progress: @Sendable (String) -> Void = { _ in }
  ) async -> StoredComparison {
    var states: [(member: String, state: ClusterState)] = []
    var unread: [(member: String, problem: String)] = []
    for member in members {
      do throws(EtcdError) {
        states.append((member.name, try await read(member, etcd, passwords, tryingPasswords, progress)))
      } catch {
        unread.append((member.name, error.code == .noIdentity ? error.reason : "\(error)"))
      }
    }
    return StoredComparison(states, unread: unread, segmentation, protecting: protection)
  }

  /// Reads a second time if the leader may have changed meanwhile.
  private static func read(
    _ member: ServerAssessment.Member, _ etcd: EtcdClient, _ passwords: [String: [String]],
    _ tryingPasswords: Bool, _ progress: @Sendable (String) -> Void
  ) async throws(EtcdError) -> ClusterState {
    func once() async throws(EtcdError) -> ClusterState {
      let client = etcd.only(member.endpoint)
      let state = try await ClusterState.observe(
        client, passwords: passwords, tryingPasswords: tryingPasswords,
        progress: { progress("\(member.name): \($0)") })
      let answering = try await client.status().memberID
      guard answering == member.status.memberID else {
        throw EtcdError(
          code: .other, operation: "Status", endpoint: "\(member.endpoint)",
          message: "another member answers there than before: it is a load balancer or proxy")
      }
      return state
    }
    do throws(EtcdError) {
      return try await once()
    } catch {
      guard error.isTransient else { throw error }
    }
    try? await Task.sleep(for: .seconds(1))
    return try await once()
  }

  init(
    _ states: [(member: String, state: ClusterState)], unread: [(member: String, problem: String)] = [],
    _ segmentation: Segmentation, protecting protection: Protection = Protection()
  ) {
    let desired = DesiredState(segmentation)
    var found: [Difference] = []
    var index: [Difference: Int] = [:]
    for (member, state) in states {
      let exempt = Set(protection.exempt(in: state).keys)
      for drift in Drift.every(from: state, to: desired, protecting: protection) {
        let difference = Difference(
          kind: drift.kind.rawValue, subject: drift.subject, name: drift.name, meaning: drift.meaning,
          breaksSegmentation: Self.breaks(drift, state, desired.ownKeys, exempt),
          isExempt: drift.kind == .foreignUser && exempt.contains(drift.name)
            && state.permissions(ofUser: drift.name).reach(desired.ownKeys),
          isAdministrator: drift.subject == "user \(drift.name)"
            && state.users[drift.name]?.roles.contains(Role.root) == true, members: [])
        if let position = index[difference] {
          found[position].members.append(member)
        } else {
          index[difference] = found.count
          var first = difference
          first.members = [member]
          found.append(first)
        }
      }
    }
    differences = found
    members = states.map(\.member)
    self.states = states.map(\.state)
    self.unread = unread
    ranges = Array(
      Set(states.flatMap { $0.state.roles.values.joined().map(\.grant.range) }.filter { !$0.isEmpty }))
    counts = states.first.map { ($0.state.users.count, $0.state.roles.count) } ?? (0, 0)
  }

  /// Whether the segmentation does not hold because of a difference.
  private static func breaks(
    _ drift: Drift, _ state: ClusterState, _ own: KeyRangeSet, _ exempt: Set<String>
  ) -> Bool {
    switch drift.kind {
    case .foreignUser:
      guard let user = state.users[drift.name] else { return true }
      return user.acceptsEmptyPassword
        || !exempt.contains(drift.name) && state.permissions(ofUser: drift.name).reach(own)
    // It allows something only through a user that has it, and that user is judged.
    case .foreignRoleName: return false
    default: return true
    }
  }
}
