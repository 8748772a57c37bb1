import Errors
import Etcd
import Keyspace
import Names
import Segmentation

/// Turns authentication on without locking anyone out.
///
/// etcd only checks that a user root with the role root exists (etcd, `server/auth/store.go`, `AuthEnable`).
/// It does not check that anyone can log in: if the members run without `--client-cert-auth`, etcd accepts no
/// certificate as a user and the cluster refuses every client. No call reads that flag. So Bulkhead first
/// creates a temporary administrator with a random password (``WayBack``), with which it can turn
/// authentication off again, and deletes it once the administrator's certificate works.
///
/// Writes in flight at that moment cannot be saved: a member notes the user of a write when the write
/// arrives, and while authentication is off it notes none. If such a write follows AuthEnable in the log,
/// etcd refuses it for its missing user name and does not apply it (etcd, `server/etcdserver/v3_server.go`,
/// `AuthInfoFromCtx`, and `server/auth/store.go`, `isOpPermitted`). No certificate, token or order of steps
/// changes that, and no call makes the members pause writes without refusing them too. The period is as long
/// as one write takes through the log. Clients must retry.
package struct EnableAuth: Sendable {
  /// Prefix of the temporary administrator's name; the rest is random.
  static let wayBackPrefix = "bulkhead-way-back-"

  /// Whether this is a temporary administrator, left behind by a process that was killed.
  static func isWayBack(_ user: String) -> Bool { user.hasPrefix(wayBackPrefix) }

  /// A secret for ``run(applicant:state:secret:progress:)``: 52 random characters, 256 bits from the system's
  /// generator.
  static func randomSecret() -> String {
    (1...4).map { _ in
      let digits = String(UInt64.random(in: .min ... .max), radix: 36)
      return String(repeating: "0", count: 13 - digits.count) + digits
    }.joined()
  }

  let etcd: EtcdClient
  let credentials: ClientCredentials
  private let lock: ClusterLock?

  /// - Parameters:
  ///   - credentials: Those of `etcd`.
  ///   - lock: Checked before authentication is turned on.
  package init(_ etcd: EtcdClient, as credentials: ClientCredentials, lock: ClusterLock? = nil) {
    self.etcd = etcd
    self.credentials = credentials
    self.lock = lock
  }

  /// What a run did.
  package enum Outcome: Hashable, Sendable {
    case wasOn
    /// - Parameters:
    ///   - refused: How many reads and writes etcd refused because they were in flight at that moment; nil if
    ///     unknown.
    ///   - asked: The members that answered the administrator afterwards: see ``ClusterMembers/asked``.
    case turnedOn(refused: Int?, asked: String)
  }

  /// - Parameters:
  ///   - applicant: The Common Name of the certificate that Bulkhead uses.
  ///   - state: The users and roles in etcd, to find out who would be locked out.
  ///   - secret: A random text of 32 to 80 characters; a user with this password exists for some
  ///     milliseconds.
  /// - Throws: ``EnableAuthRefusal``; authentication is off then, except for
  ///   ``EnableAuthRefusal/cannotGoBack(_:_:)``. ``EtcdError`` from before authentication was turned on, or
  ///   because the temporary administrator could not be deleted; the next plan deletes it.
  package func run(
    applicant: String, state: ClusterState, secret: String,
    progress: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> Outcome {
    if try await etcd.isAuthEnabled() { return .wasOn }
    let members = try await ClusterMembers.read(etcd, as: credentials)
    if let refusal = try await obstacles(applicant: applicant, state: state, members).first { throw refusal }
    let wayBack = WayBack(user: Self.wayBackPrefix + secret.prefix(8), password: String(secret.dropFirst(8)))
    // A separate task: an interruption here would leave the cluster closed.
    let refused = try await Task { try await turnOn(members, applicant, wayBack, progress) }.value
    return .turnedOn(refused: refused, asked: members.asked)
  }

  /// Every reason not to turn authentication on that shows while it is off.
  package func obstacles(
    applicant: String, state: ClusterState, _ members: ClusterMembers
  ) async throws(EtcdError) -> [EnableAuthRefusal] {
    var obstacles = EnableAuthRefusal.all(applicant: applicant, state: state)
    if !state.servesKubernetes, try await holdsKubernetes() { obstacles.append(.kubernetesWouldBeLockedOut) }
    for alarm in try await etcd.alarms() { obstacles.append(.alarmIsActive(alarm.kind.rawValue)) }
    for member in members.voting {
      // It could not be asked afterwards whether it accepts the certificate.
      if let problem = member.problem { obstacles.append(.unreachable(member.name, problem)) }
      obstacles += member.plainURLs.map { .plainHTTP(member.name, $0) }
    }
    return obstacles
  }

  private struct WayBack: Sendable {
    let user: String
    let password: String
  }

  /// - Returns: How many requests etcd refused because they were in flight; nil if unknown.
  private func turnOn(
    _ members: ClusterMembers, _ applicant: String, _ wayBack: WayBack,
    _ progress: @escaping @Sendable (String) -> Void
  ) async throws -> Int? {
    let (credentials, lock) = (credentials, lock)
    return try await EtcdClient.connect(
      to: members.endpoints, as: credentials, timeout: etcd.timeout
    ) { etcd in
      try await EnableAuth(etcd, as: credentials, lock: lock).turnOnEverywhere(applicant, wayBack, progress)
    }
  }

  /// Needs a client of every voting member.
  private func turnOnEverywhere(
    _ applicant: String, _ wayBack: WayBack, _ progress: (String) -> Void
  ) async throws -> Int? {
    let refusals = Refusals(endpoints: etcd.endpoints, credentials: credentials)
    do {
      try await lock?.check()
      progress("making a way back in")
      try await etcd.addAdministrator(wayBack.user, password: wayBack.password)
    } catch {
      try? await remove(wayBack)
      throw error
    }
    let before = try? await refusals.nameless()
    do {
      progress("turning authentication on")
      try await lock?.check()
      try await etcd.patiently { () async throws(EtcdError) in try await etcd.enableAuth() }
      progress("asking every member as \(applicant)")
      for endpoint in etcd.endpoints { try await checkAdministrator(at: endpoint) }
    } catch {
      progress("turning authentication off again")
      do { try await goBack(wayBack) } catch let second {
        throw EnableAuthRefusal.cannotGoBack("\(error)", "\(second)")
      }
      throw EnableAuthRefusal.certificateDoesNotWork(applicant, "\(error)")
    }
    // Before the temporary administrator is deleted: requests in flight at the deletion are refused once too,
    // and clients retry those.
    let after = try? await refusals.nameless()
    try await remove(wayBack)
    return if let before, let after { after.increase(since: before) } else { nil }
  }

  /// Makes a call that only an administrator may make. First waits until the member itself has authentication
  /// on: a member that is slightly behind forwards the call without a user, and etcd refuses it.
  private func checkAdministrator(at endpoint: Endpoint) async throws(EtcdError) {
    let member = etcd.only(endpoint)
    for _ in 1...50 {
      if try await member.isAuthEnabled() { break }
      try? await Task.sleep(for: .milliseconds(100))
    }
    try await etcd.patiently { () async throws(EtcdError) in _ = try await member.users() }
  }

  /// Restores the cluster: authentication off and the temporary administrator deleted.
  private func goBack(_ wayBack: WayBack) async throws {
    try await etcd.patiently { () async throws(EtcdError) in
      guard try await etcd.isAuthEnabled() else { return }
      try await etcd.login(wayBack.user, password: wayBack.password).disableAuth()
    }
    try await remove(wayBack)
  }

  private func remove(_ wayBack: WayBack) async throws {
    try await Apply(etcd).make(.deleteUser(wayBack.user))
  }

  private func holdsKubernetes() async throws(EtcdError) -> Bool {
    try await etcd.holdsAny(.kubernetes)
  }
}

/// Why authentication is not turned on.
package enum EnableAuthRefusal: ExplainedError, Hashable, Sendable {
  case noRootUser
  case rootLacksRole
  case notAdministrator(String)
  case kubernetesWouldBeLockedOut
  case alarmIsActive(String)
  /// A member of the cluster does not answer, and why.
  case unreachable(String, String)
  /// A member advertises a client URL without TLS.
  case plainHTTP(String, String)
  case certificateDoesNotWork(String, String)
  /// Authentication is on, the certificate does not work, and turning it off again failed too.
  case cannotGoBack(String, String)

  /// The reasons that show in the users and roles.
  static func all(applicant: String, state: ClusterState) -> [EnableAuthRefusal] {
    guard let root = state.users[Role.root] else { return [.noRootUser] }
    guard root.roles.contains(Role.root) else { return [.rootLacksRole] }
    guard state.users[applicant]?.roles.contains(Role.root) == true else {
      return [.notAdministrator(applicant)]
    }
    return []
  }
}

extension EnableAuthRefusal {
  package var description: String {
    if case .cannotGoBack(let first, let second) = self {
      return "authentication is on and the certificate does not work (\(first)), "
        + "and it could not be turned off again (\(second))"
    }
    return "authentication is not turned on: \(reason)"
  }

  private var reason: String {
    switch self {
    case .noRootUser: "the user root does not exist"
    case .rootLacksRole: "the user root does not have the role root"
    case .notAdministrator(let user):
      "the certificate that Bulkhead uses belongs to '\(user)', which is not a user with the role root"
    case .kubernetesWouldBeLockedOut:
      "there are keys under \(Key.kubernetes), but the file names no kube-apiserver, which would be locked out"
    case .alarmIsActive(let kind):
      "the alarm \(kind) is active, and members before 3.6 then enforce no permissions"
    case .unreachable(let member, let problem): "the member \(member) is unreachable (\(problem))"
    case .plainHTTP(let member, let url):
      "the member \(member) serves clients at \(url) without TLS, where it would refuse all of them"
    case .certificateDoesNotWork(let user, let error):
      "with it on, the certificate of '\(user)' did not work (\(error)); it has been turned off again"
    case .cannotGoBack(let first, _): first
    }
  }

  package var hint: String? {
    switch self {
    case .noRootUser, .rootLacksRole: "run 'bulkhead apply' first, which creates both"
    case .notAdministrator:
      "set etcd.certificate to a certificate with CN=root: 'bulkhead certs issue --root' makes one"
    case .kubernetesWouldBeLockedOut:
      "add 'kubernetes: {apiserver: CN}' with the CN of its etcd client certificate"
    case .alarmIsActive: "see 'etcdctl alarm list', remove the cause and run 'etcdctl alarm disarm'"
    case .unreachable:
      "start it, or remove it from the cluster with 'etcdctl member remove' if it is gone for good"
    case .plainHTTP:
      "move its clients to an https:// URL, and take the http:// URL out of --listen-client-urls and --advertise-client-urls"
    case .certificateDoesNotWork, .cannotGoBack:
      "start every member with --client-cert-auth, and with the certificate's authority in --trusted-ca-file"
    }
  }
}
