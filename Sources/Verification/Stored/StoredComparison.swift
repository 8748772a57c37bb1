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
    /// The difference in words, and what it allows.
    package let meaning: String
    /// Whether the segmentation does not hold because of it. False for a user or role that the file does not
    /// name and that reaches none of the file's keys.
    package let breaksSegmentation: Bool
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
  /// The number of users and roles that were compared, at the first member.
  package let counts: (users: Int, roles: Int)

  package var breaksSegmentation: Bool {
    !unread.isEmpty || differences.contains(where: \.breaksSegmentation)
  }

  /// Reads and compares the users and roles of each member.
  /// - Parameter passwords: For each user that is to log in with a password, those that may be the right one.
  package static func of(
    _ members: [ServerAssessment.Member], _ etcd: EtcdClient, _ segmentation: Segmentation,
    passwords: [String: [String]] = [:], progress: @Sendable (String) -> Void = { _ in }
  ) async -> StoredComparison {
    var states: [(member: String, state: ClusterState)] = []
    var unread: [(member: String, problem: String)] = []
    for member in members {
      do throws(EtcdError) {
        states.append((member.name, try await read(member, etcd, passwords, progress)))
      } catch {
        unread.append((member.name, "\(error)"))
      }
    }
    return StoredComparison(states, unread: unread, segmentation)
  }

  /// Reads a second time if the leader may have changed meanwhile.
  private static func read(
    _ member: ServerAssessment.Member, _ etcd: EtcdClient, _ passwords: [String: [String]],
    _ progress: @Sendable (String) -> Void
  ) async throws(EtcdError) -> ClusterState {
    func once() async throws(EtcdError) -> ClusterState {
      try await ClusterState.observe(
        etcd.only(member.endpoint), passwords: passwords, progress: { progress("\(member.name): \($0)") })
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
    _ segmentation: Segmentation
  ) {
    let desired = DesiredState(segmentation)
    let own = Self.ownKeys(of: segmentation)
    var found: [Difference] = []
    var index: [Difference: Int] = [:]
    for (member, state) in states {
      for drift in Drift.every(from: state, to: desired) {
        let difference = Difference(
          kind: drift.kind.rawValue, subject: drift.subject, meaning: drift.meaning,
          breaksSegmentation: Self.breaks(drift, state, own), members: [])
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
    self.unread = unread
    ranges = Array(
      Set(states.flatMap { $0.state.roles.values.joined().map(\.grant.range) }.filter { !$0.isEmpty }))
    counts = states.first.map { ($0.state.users.count, $0.state.roles.count) } ?? (0, 0)
  }

  /// The keys that only the identities of the file may use: those that the file grants, and Bulkhead's.
  private static func ownKeys(of segmentation: Segmentation) -> KeyRangeSet {
    KeyRangeSet(segmentation.roles.flatMap { $0.grants.map(\.grant.range) } + [.bulkhead])
  }

  /// Whether the segmentation does not hold because of a difference.
  private static func breaks(_ drift: Drift, _ state: ClusterState, _ own: KeyRangeSet) -> Bool {
    func reaches(_ roles: some Sequence<String>) -> Bool {
      let permissions = Permissions(roles.flatMap { state.roles[$0] ?? [] }.map(\.grant))
      return [permissions.readable, permissions.writable].contains { !$0.intersection(own).isEmpty }
    }
    switch drift.kind {
    case .foreignUser:
      let name = String(drift.subject.dropFirst("user ".count))
      guard let user = state.users[name] else { return true }
      return user.acceptsEmptyPassword || user.roles.contains(Role.root) || reaches(user.roles)
    // It allows something only through a user that has it, and that user is judged.
    case .foreignRoleName: return false
    default: return true
    }
  }
}
