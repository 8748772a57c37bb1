import Crypto
import Etcd
import Keyspace
import Segmentation

/// What a file wants of a cluster, and who asks for it.
public struct Goal: Sendable {
  public let desired: DesiredState
  public let management: SegmentationFile.Management
  /// The user whose certificate is in hand.
  public let applicant: String
  /// SHA-256 of the file's text, in hexadecimal.
  let file: String
  /// SHA-256 of what the file comes to, in hexadecimal.
  let wanted: String

  /// - Parameter text: The file's text.
  public init(
    _ segmentation: Segmentation, management: SegmentationFile.Management, applicant: String, text: String
  ) {
    desired = DesiredState(segmentation)
    self.management = management
    self.applicant = applicant
    file = SHA256.hash(data: Array(text.utf8)).hexadecimal
    wanted = desired.digest(management)
  }

  /// What was applied before, if nothing has changed since: neither what is wanted nor any user or role. Nobody can say
  /// so of users who log in with a password, which is in a file here and has to be tried.
  public func applied(according survey: Survey) -> Record.Applied? {
    guard !desired.users.contains(where: { $0.login == .password }) else { return nil }
    guard let applied = survey.record?.applied, let revision = survey.authRevision else { return nil }
    return applied.file == file && applied.wanted == wanted && applied.authRevision == revision
      ? applied : nil
  }

  /// Reads all users and roles and plans how to get from there to here.
  /// - Parameter passwords: As for ``ClusterState/observe(_:managed:passwords:progress:)``.
  public func plan(
    for etcd: EtcdClient, _ survey: Survey, passwords: [String: [String]] = [:],
    progress: @Sendable (String) -> Void = { _ in }
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
