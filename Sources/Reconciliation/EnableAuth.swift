import Etcd
import Keyspace
import Segmentation

/// Turns authentication on without locking anybody out.
///
/// etcd only checks that a user root with the role root exists (etcd, `server/auth/store.go`, `AuthEnable`). It does
/// not check that anyone can log in: where the members run without `--client-cert-auth`, no certificate is anybody
/// and the cluster is closed to all. No call tells whether they do, so a way back is made first: an administrator
/// with a random password, who is deleted when the certificate has been seen to work.
public struct EnableAuth: Sendable {
  /// How the name of the way back begins; the rest is random.
  static let wayBackPrefix = "bulkhead-way-back-"

  let etcd: EtcdClient

  public init(_ etcd: EtcdClient) { self.etcd = etcd }

  /// - Parameters:
  ///   - applicant: The Common Name of the certificate in hand.
  ///   - segmentation: To see whether kube-apiserver is provided for.
  ///   - secret: A random password of at least 128 bits, used for some milliseconds.
  /// - Returns: Whether anything was changed: false if authentication was on already.
  /// - Throws: ``EnableAuthRefusal`` before anything is changed, or ``EtcdError``.
  public func callAsFunction(
    applicant: String, segmentation: Segmentation, state: ClusterState, secret: String,
    progress: @Sendable (String) -> Void = { _ in }
  ) async throws -> Bool {
    if try await etcd.isAuthEnabled() { return false }
    if let refusal = EnableAuthRefusal(applicant: applicant, state: state) { throw refusal }
    if segmentation.identities.allSatisfy({ $0.purpose != .apiserver }), try await holdsKubernetes() {
      throw EnableAuthRefusal.kubernetesWouldBeLockedOut
    }
    let alarms = try await etcd.alarms()
    if let alarm = alarms.first { throw EnableAuthRefusal.alarmIsActive(alarm.kind.rawValue) }

    let way = Self.wayBackPrefix + String(secret.prefix(8))
    do {
      progress("making a way back in")
      try await etcd.addAdministrator(way, password: secret)
      progress("turning authentication on")
      try await etcd.enableAuth()
      progress("asking every member as \(applicant)")
      for endpoint in etcd.endpoints { _ = try await etcd.only(endpoint).users() }
    } catch {
      progress("turning authentication off again")
      try await goBack(way, secret)
      throw EnableAuthRefusal.certificateDoesNotWork(applicant, "\(error)")
    }
    try await etcd.deleteUser(way)
    return true
  }

  /// Leaves the cluster as it was: authentication off and the way back gone.
  private func goBack(_ way: String, _ secret: String) async throws {
    if try await etcd.isAuthEnabled() { try await etcd.login(way, password: secret).disableAuth() }
    try await etcd.deleteUser(way)
  }

  private func holdsKubernetes() async throws(EtcdError) -> Bool {
    try await etcd.holdsAny(.prefix("/registry/"))
  }
}

/// Why authentication is not turned on.
public enum EnableAuthRefusal: Error, Hashable, Sendable {
  case noRootUser
  case rootLacksRole
  case notAdministrator(String)
  case kubernetesWouldBeLockedOut
  case alarmIsActive(String)
  case certificateDoesNotWork(String, String)

  /// What speaks against it as far as the users and roles tell; nil if nothing does.
  init?(applicant: String, state: ClusterState) {
    guard let root = state.users[Role.root] else {
      self = .noRootUser
      return
    }
    guard root.roles.contains(Role.root) else {
      self = .rootLacksRole
      return
    }
    guard state.users[applicant]?.roles.contains(Role.root) == true else {
      self = .notAdministrator(applicant)
      return
    }
    return nil
  }
}

extension EnableAuthRefusal: CustomStringConvertible {
  public var description: String {
    let reason =
      switch self {
      case .noRootUser: "there is no user root"
      case .rootLacksRole: "the user root does not have the role root"
      case .notAdministrator(let user):
        "the certificate in hand belongs to '\(user)', which is no user with the role root"
      case .kubernetesWouldBeLockedOut:
        "there are keys under /registry/, but the file names no kube-apiserver, which would be locked out"
      case .alarmIsActive(let kind): "the alarm \(kind) is active, and some releases then enforce nothing"
      case .certificateDoesNotWork(let user, let error):
        "with authentication on, the certificate of '\(user)' was refused (\(error)); it has been turned off again"
      }
    return "authentication is not turned on: \(reason)"
  }

  public var hint: String {
    switch self {
    case .noRootUser, .rootLacksRole: "run 'bulkhead apply' first, which makes both"
    case .notAdministrator:
      "set etcd.certificate to a certificate with CN=root: 'bulkhead certs issue --root' makes one"
    case .kubernetesWouldBeLockedOut:
      "add 'kubernetes: {apiserver: CN}' with the CN of its etcd client certificate"
    case .alarmIsActive: "see 'etcdctl alarm list', mend the cause and 'etcdctl alarm disarm'"
    case .certificateDoesNotWork:
      "start every member with --client-cert-auth, and with the certificate's authority in --trusted-ca-file"
    }
  }
}
