import Cryptography
import Etcd
import Keyspace
import Segmentation
import Text

/// The state that a file defines for a cluster, and the user that applies it.
package struct ApplyGoal: Sendable {
  package let desired: DesiredState
  package let management: SegmentationFile.Management
  /// The user whose certificate Bulkhead uses.
  package let applicant: String
  /// The file, whose record lists the users and roles that it manages.
  package let owner: RecordOwner
  /// Whether the file takes over the records of other files that list what it names.
  package let takesOver: Bool
  /// Names of users and roles from which nothing is taken away, whatever the management mode is.
  let protected: Set<String>
  /// What each role of calicoctl in the catalogue allows, by name.
  let calicoctl: [String: Permissions]
  /// SHA-256 of the file's text, in hexadecimal.
  let file: String
  /// SHA-256 of the desired state and the management mode, in hexadecimal.
  let wanted: String
  /// For each user that logs in with a password, the passwords that may be the right one; the one in its file
  /// comes first.
  private var passwords: [String: [String]]

  /// - Parameters:
  ///   - text: The text of the file.
  ///   - passwords: For each user that logs in with a password: none, the one, or two if a password change
  ///     may or may not have been made.
  ///   - owner: nil for a file without `owner`.
  ///   - calicoctl: The catalogue's roles of calicoctl for the file's Calico.
  package init(
    _ segmentation: Segmentation, management: SegmentationFile.Management, applicant: String, text: String,
    passwords: [String: [String]] = [:], owner: String? = nil, protecting protected: Set<String> = [],
    takesOver: Bool = false, calicoctl: [Role] = []
  ) {
    desired = DesiredState(segmentation)
    self.owner = RecordOwner(cluster: segmentation.cluster, file: owner)
    self.protected = protected
    self.calicoctl = Dictionary(
      calicoctl.map { ($0.name, Permissions($0.grants.map(\.grant))) }
    ) { first, _ in first }
    self.takesOver = takesOver
    self.passwords = passwords
    self.management = management
    self.applicant = applicant
    file = SHA256.hash(Array(text.utf8)).hexadecimal
    wanted = desired.digest(management, protected)
  }

  /// What was applied last; nil unless the goal, the users and roles in etcd and the password files are
  /// unchanged since. A password that was changed directly in etcd shows in the auth revision. nil also while
  /// authentication is off and for a record that was written then: any client may have written it.
  /// - Throws: ``RecordOverlap``.
  package func applied(according survey: Survey) throws -> Record.Applied? {
    guard let own = try claim(survey.records).own, own.isProven == true, survey.authEnabled,
      let applied = own.applied, let revision = survey.authRevision,
      applied.file == file, applied.wanted == wanted, applied.authRevision == revision,
      survey.endedAccess(of: owner).isEmpty
    else { return nil }
    guard !passwordUsers.isEmpty else { return applied }
    guard let digest = applied.passwords, let onlyPasswords else { return nil }
    return try digest.matches(onlyPasswords) ? applied : nil
  }

  /// The file's part of the records.
  /// - Throws: ``RecordOverlap``.
  func claim(_ records: Records) throws(RecordOverlap) -> Records.Claim {
    try records.claim(by: owner, desired, takesOver: takesOver)
  }

  /// Why the record may be that of another file: this one names nothing that it lists. nil for a record of few names,
  /// which may all have been renamed.
  func recordDoubt(_ records: Records) throws(RecordOverlap) -> String? {
    guard let managed = try claim(records).own?.managed, managed.count > 3 else { return nil }
    let wanted = Managed(users: Set(desired.users.map(\.name)), roles: Set(desired.roles.map(\.name)))
    guard managed.intersection(wanted).count == 0 else { return nil }
    return
      "the file names none of the \(managed.count) users and roles in its record, as another file with the same "
      + "'cluster' and 'owner' would"
  }

  /// The users whose access an apply took away, or was about to take away, before it was killed. The next apply gives it
  /// back.
  package func interruptedRemovals(_ survey: Survey) throws(RecordOverlap) -> [Record.LeavingUser] {
    try claim(survey.records).own?.leaving ?? []
  }

  /// What a plan follows from: as long as it is the same, so is the plan. For the memory of one process: it covers
  /// passwords with a plain digest.
  /// - Returns: nil if the auth revision is not known, or another process changes users and roles now.
  package func planKey(_ survey: Survey) throws -> String? {
    guard let revision = survey.authRevision, survey.lock == nil else { return nil }
    var digest = SHA256()
    digest.addValues([
      file, wanted, applicant, "\(owner)", "\(takesOver)", "\(revision)", "\(survey.authEnabled)",
      try survey.records.digest,
    ])
    for access in survey.temporaryAccess {
      digest.addValues([access.user, "\(access.isOver(at: survey.takenAt))"] + access.roles)
    }
    digest.addValues(passwords.sorted { $0.key < $1.key }.flatMap { [$0.key] + $0.value })
    return digest.digest().hexadecimal
  }

  private var passwordUsers: [String] { desired.users.filter { $0.login == .password }.map(\.name) }

  /// The password of every user that logs in with one; nil if it does not exist, or if one of them has no
  /// password or two.
  var onlyPasswords: [String: String]? {
    let only = passwords.compactMapValues { $0.count == 1 ? $0.first : nil }
    return passwordUsers.isEmpty || !passwordUsers.allSatisfy { only[$0] != nil } ? nil : only
  }

  /// The same goal with a password for every user that needs one.
  /// - Parameter make: Returns the password in a user's file. The password must be on the disk when this
  ///   returns: Bulkhead creates a user only with a password that cannot be lost.
  package func withPasswords(_ make: (_ user: String) throws -> String) rethrows -> ApplyGoal {
    var goal = self
    for user in passwordUsers {
      let password = try make(user)
      goal.passwords[user] = [password] + passwords[user, default: []].filter { $0 != password }
    }
    return goal
  }

  /// - Returns: The password that the user must have.
  /// - Throws: ``NoPassword`` if none is known.
  package func password(of user: String) throws -> String {
    guard let password = passwords[user]?.first else { throw NoPassword(user: user) }
    return password
  }

  /// Reads all users and roles and computes the changes from that state to the desired state.
  /// - Parameter atEachMember: Whether each member that answers is read and compared; else one of them is read.
  /// - Throws: ``RecordOverlap``, ``MembersDiffer``, ``EndpointMoved``, ``EtcdError``.
  package func plan(
    for etcd: EtcdClient, _ survey: Survey, atEachMember: Bool = true,
    progress: @Sendable (String) -> Void = { _ in }
  ) async throws -> (state: ClusterState, plan: Plan) {
    let claim = try claim(survey.records)
    let state =
      atEachMember
      ? try await ClusterState.observe(
        etcd, atEachOf: survey.members, passwords: passwords, authEnabled: survey.authEnabled,
        progress: progress)
      : try await ClusterState.observe(
        etcd, passwords: passwords, authEnabled: survey.authEnabled, progress: progress)
    let managed = claim.managed.union(survey.managedByEndedAccess(of: self, state))
    let plan = Plan(
      from: state, to: desired, applicant: applicant, management: management, managed: managed,
      protection: try protection(survey))
    return (state, plan)
  }

  /// Why another client may have named users and roles in the file's record; nil if none may.
  func recordDoubt(_ survey: Survey, _ state: ClusterState) throws(RecordOverlap) -> String? {
    if let doubt = state.recordDoubt { return doubt }
    if let doubt = try claim(survey.records).doubt { return doubt }
    return try recordDoubt(survey.records)
  }
}

extension DesiredState {
  fileprivate func digest(_ management: SegmentationFile.Management, _ protected: Set<String>) -> String {
    var digest = SHA256()
    digest.add(Array(management.rawValue.utf8))
    for name in protected.sorted() { digest.add(Array("protect \(name)".utf8)) }
    for role in roles {
      digest.add(Array("role \(role.name)".utf8))
      for permission in role.permissions {
        digest.add([permission.access.rawValue])
        digest.add(permission.key)
        digest.add(permission.rangeEnd)
      }
    }
    for user in users {
      digest.add(Array("user \(user.name) \(user.isExact) \(user.login)".utf8))
      for role in user.roles { digest.add(Array(role.utf8)) }
    }
    return digest.digest().hexadecimal
  }
}

extension SHA256 {
  /// Each value follows its length, so that different lists of values cannot give the same bytes.
  fileprivate mutating func add(_ bytes: [UInt8]) {
    update(Array("\(bytes.count):".utf8))
    update(bytes)
  }
}
