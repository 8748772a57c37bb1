import Etcd
import FoundationEssentials
import Keyspace
import Segmentation

/// The users and roles in etcd that other people manage, by where that is known from. Nothing is taken from any of them.
///
/// Whether what such a user may do counts is another question: while authentication is off any client can write a
/// record or name a person in `/bulkhead/v1/people/`. So only the file itself exempts a user with the role root, and a
/// record exempts others only if an administrator wrote it.
package struct Protection: Sendable {
  /// The file lists them under `protect`: what they may do does not count.
  private let listed: Managed
  /// In records of other files that only administrators can have written.
  private let recorded: Managed
  /// In other records of other files.
  private let unproven: Managed
  /// Access of people that runs.
  private let people: [TemporaryAccess]
  /// What each role of calicoctl in the catalogue allows, by name.
  private let calicoctl: [String: Permissions]

  package init(
    listed: Managed = Managed(), recorded: Managed = Managed(), unproven: Managed = Managed()
  ) {
    self.init(listed: listed, recorded: recorded, unproven: unproven, people: [], calicoctl: [:])
  }

  init(
    listed: Managed, recorded: Managed, unproven: Managed, people: [TemporaryAccess],
    calicoctl: [String: Permissions]
  ) {
    (self.listed, self.recorded, self.unproven) = (listed, recorded, unproven)
    (self.people, self.calicoctl) = (people, calicoctl)
  }

  /// Whether the file lists the user or the role under `protect`.
  func lists(user: String) -> Bool { listed.users.contains(user) }
  func lists(role: String) -> Bool { listed.roles.contains(role) }

  /// The users and roles from which nothing is taken away.
  /// - Parameter ofFile: The roles of the file, which are kept as in the file.
  package func names(in state: ClusterState, keeping ofFile: Set<String> = []) -> Managed {
    let access = running(in: state)
    return listed.union(recorded).union(unproven).union(
      Managed(
        users: Set(access.map(\.user)), roles: Set(access.flatMap(\.roles)).subtracting(ofFile)))
  }

  /// The users whose access does not count, by name, each with who manages it.
  package func exempt(in state: ClusterState) -> [String: String] {
    var found: [String: String] = [:]
    if state.recordDoubt == nil {
      for user in recorded.users where !state.isAdministrator(user) {
        found[user] = "another file manages it"
      }
      for access in running(in: state) {
        found[access.user] = "'bulkhead access' gave it that until \(access.until.formatted(.iso8601))"
      }
    }
    for user in listed.users { found[user] = "the file protects it" }
    return found
  }

  /// Why users count although a record lists them, by name, as the end of a sentence.
  package func notExempt(in state: ClusterState) -> [String: String] {
    let (exempt, doubt) = (self.exempt(in: state), state.recordDoubt)
    return recorded.union(unproven).users.reduce(into: [:]) { found, user in
      guard exempt[user] == nil else { return }
      let why =
        if state.isAdministrator(user) {
          "which does not cover the role root: only 'protect' in this file does"
        } else if let doubt {
          "which does not count: \(doubt)"
        } else {
          "which an earlier release wrote, or any client could write: apply that file again"
        }
      found[user] = "a record of another file lists it, \(why)"
    }
  }

  /// The access of people whose users are as it gave them. A client that may write Bulkhead's keys could name any user
  /// there: none counts while there is one.
  private func running(in state: ClusterState) -> [TemporaryAccess] {
    state.recordDoubt == nil ? people.filter { $0.isPlausible(state, calicoctl) } : []
  }
}

extension ClusterState {
  fileprivate func isAdministrator(_ user: String) -> Bool { users[user]?.roles.contains(Role.root) == true }
}

extension ApplyGoal {
  /// What other people manage, by the file and by what a survey read.
  /// - Throws: ``RecordOverlap``.
  func protection(_ survey: Survey) throws(RecordOverlap) -> Protection {
    try protection(survey.records, survey.temporaryAccess, at: survey.takenAt)
  }

  /// The same, read now.
  /// - Throws: ``RecordOverlap``, ``RecordError``, ``EtcdError``.
  package func protected(in etcd: EtcdClient) async throws -> Protection {
    let entries = try await etcd.entries(in: OwnKeys.surveyed)
    return try protection(Records(entries), TemporaryAccess.all(entries), at: Date())
  }

  private func protection(
    _ records: Records, _ access: [TemporaryAccess], at now: Date
  ) throws(RecordOverlap) -> Protection {
    let claim = try claim(records)
    // A client that could once write the keys may have named any moment.
    let running = access.filter { access in
      (access.owner != owner || !access.isOver(at: now))
        && access.until.timeIntervalSince(now) <= TemporaryAccess.longest
    }
    let others = claim.others.filter { $0.isProven != true }
    return Protection(
      listed: Managed(users: protected, roles: protected), recorded: claim.proven,
      unproven: others.reduce(Managed()) { $0.union($1.managed) }, people: running, calicoctl: calicoctl)
  }
}
