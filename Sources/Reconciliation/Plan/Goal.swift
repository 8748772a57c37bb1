import Crypto
import Etcd
import Keyspace
import Segmentation

/// What a file wants of a cluster, and who asks for it.
package struct Goal: Sendable {
  package let desired: DesiredState
  package let management: SegmentationFile.Management
  /// The user whose certificate is in hand.
  package let applicant: String
  /// SHA-256 of the file's text, in hexadecimal.
  let file: String
  /// SHA-256 of what the file comes to, in hexadecimal.
  let wanted: String
  /// Of each user that logs in with a password: each that may be the right one, that in its file first.
  private var passwords: [String: [String]]

  /// - Parameters:
  ///   - text: The file's text.
  ///   - passwords: Of each user that is to log in with one: none, the one, or the two of a change that may or may not
  ///     have been made.
  package init(
    _ segmentation: Segmentation, management: SegmentationFile.Management, applicant: String, text: String,
    passwords: [String: [String]] = [:]
  ) {
    desired = DesiredState(segmentation)
    self.passwords = passwords
    self.management = management
    self.applicant = applicant
    file = SHA256.hash(data: Array(text.utf8)).hexadecimal
    wanted = desired.digest(management)
  }

  /// What was applied before, if nothing has changed since: neither what is wanted, nor any user or role, nor a password
  /// in its file. Of one that is changed in etcd the auth revision tells.
  package func applied(according survey: Survey) throws -> Record.Applied? {
    guard let applied = survey.record?.applied, let revision = survey.authRevision,
      applied.file == file, applied.wanted == wanted, applied.authRevision == revision
    else { return nil }
    guard !passwordUsers.isEmpty else { return applied }
    guard let digest = applied.passwords, let onlyPasswords else { return nil }
    return try digest.matches(onlyPasswords) ? applied : nil
  }

  private var passwordUsers: [String] { desired.users.filter { $0.login == .password }.map(\.name) }

  /// The password of every user that logs in with one; nil if there is no such user, or where one has none, or two.
  var onlyPasswords: [String: String]? {
    let only = passwords.compactMapValues { $0.count == 1 ? $0.first : nil }
    return passwordUsers.isEmpty || !passwordUsers.allSatisfy { only[$0] != nil } ? nil : only
  }

  /// The same with a password for everybody who needs one.
  /// - Parameter make: Gives the password in a user's file, which is safe on the disk when it returns: a user is only
  ///   made with one that cannot be lost any more.
  package func withPasswords(_ make: (_ user: String) throws -> String) rethrows -> Goal {
    var goal = self
    for user in passwordUsers {
      let password = try make(user)
      goal.passwords[user] = [password] + passwords[user, default: []].filter { $0 != password }
    }
    return goal
  }

  /// The password that a user is to have.
  package func password(of user: String) throws -> String {
    guard let password = passwords[user]?.first else { throw NoPassword(user: user) }
    return password
  }

  /// Reads all users and roles and plans how to get from there to here.
  package func plan(
    for etcd: EtcdClient, _ survey: Survey, progress: @Sendable (String) -> Void = { _ in }
  ) async throws(EtcdError) -> (state: ClusterState, plan: Plan) {
    let managed = survey.record?.managed ?? Managed()
    let state = try await ClusterState.observe(
      etcd, managed: managed.users.union(desired.users.map(\.name)), passwords: passwords,
      progress: progress)
    let plan = Plan(
      from: state, to: desired, applicant: applicant, management: management, managed: managed)
    return (state, plan)
  }
}

extension DesiredState {
  fileprivate func digest(_ management: SegmentationFile.Management) -> String {
    var digest = SHA256()
    // With its length before it no text runs into the next.
    func add(_ bytes: [UInt8]) {
      digest.update(data: Array("\(bytes.count):".utf8))
      digest.update(data: bytes)
    }
    add(Array(management.rawValue.utf8))
    for role in roles {
      add(Array("role \(role.name)".utf8))
      for permission in role.permissions {
        add([permission.access.rawValue])
        add(permission.key)
        add(permission.rangeEnd)
      }
    }
    for user in users {
      add(Array("user \(user.name) \(user.isExact) \(user.login)".utf8))
      for role in user.roles { add(Array(role.utf8)) }
    }
    return digest.finalize().hexadecimal
  }
}

extension SHA256Digest {
  fileprivate var hexadecimal: String {
    map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
