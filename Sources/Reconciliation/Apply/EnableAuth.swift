import Errors
import Etcd
import Keyspace
import Names
import Segmentation
import Text

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

  /// What etcd does differently for other clients once authentication is on, as sentences.
  package static let consequences = [
    "'etcdctl member promote' works only at the leader: promote learners at the leader (etcd 3.5 to 3.7, followers forward "
      + "the request without its user)",
    "each change of users or roles refuses writes in flight once ('revision of auth store is old'), which clients repeat; "
      + "etcd's Go client does so from 3.5.2 on",
    "a watch that is open stays open, whatever its user may read",
    "members, their status and alarms stay readable for each certificate that the members admit; snapshots, compaction "
      + "and changes of members need the role root, as for kubeadm, Cluster API and backups",
  ]

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
    ///   - watch: What the members' counts of refused requests showed afterwards; nil if they were not watched.
    case turnedOn(refused: Int?, asked: String, watch: RefusalReport? = nil)
  }

  /// What a run takes into account.
  package struct Request: Sendable {
    /// The Common Name of the certificate that Bulkhead uses.
    package let applicant: String
    /// What the file defines.
    package let desired: DesiredState
    /// What keys begin with that no user but administrators has to reach.
    package let unreachable: [Key]
    /// nil to count no refused requests afterwards.
    package let watch: WatchRequest?
    /// Where the temporary administrator is noted while it exists.
    package let wayBacks: WayBackKeeper

    package init(
      applicant: String, desired: DesiredState, unreachable: [Key] = [], watch: WatchRequest? = nil,
      wayBacks: WayBackKeeper = .none
    ) {
      self.wayBacks = wayBacks
      self.applicant = applicant
      self.desired = desired
      self.unreachable = unreachable
      self.watch = watch
    }
  }

  /// - Parameters:
  ///   - state: The users and roles in etcd, to find out who would be locked out.
  ///   - secret: A random text of 32 to 80 characters; a user with this password exists for some
  ///     milliseconds.
  ///   - whenOn: Called once authentication is on, before refused requests are counted.
  /// - Throws: ``EnableAuthRefusal``; authentication is off then, except for
  ///   ``EnableAuthRefusal/cannotGoBack(_:_:)``. ``EtcdError`` from before authentication was turned on, or
  ///   because the temporary administrator could not be deleted; the next plan deletes it. ``WatchInterrupted``.
  package func run(
    _ request: Request, state: ClusterState, secret: String,
    progress: @escaping @Sendable (String) -> Void = { _ in },
    whenOn: @Sendable () async throws -> Void = {}
  ) async throws -> Outcome {
    if try await etcd.isAuthEnabled() { return .wasOn }
    let members = try await ClusterMembers.read(etcd, as: credentials)
    if let refusal = try await obstacles(request, state: state, members).first { throw refusal }
    let wayBack = WayBack(user: Self.wayBackPrefix + secret.prefix(8), password: String(secret.dropFirst(8)))
    // A separate task: an interruption here would leave the cluster closed.
    let start = try await Task {
      try await turnOn(members, request.applicant, wayBack, request.wayBacks, progress)
    }.value
    try await whenOn()
    return .turnedOn(
      refused: start.refused, asked: members.asked,
      watch: try await watch(request.watch, members, start, progress))
  }

  /// Every reason not to turn authentication on that shows while it is off.
  package func obstacles(
    _ request: Request, state: ClusterState, _ members: ClusterMembers
  ) async throws(EtcdError) -> [EnableAuthRefusal] {
    var obstacles = EnableAuthRefusal.all(applicant: request.applicant, state: state)
    for alarm in try await etcd.alarms() { obstacles.append(.alarmIsActive(alarm.kind.rawValue)) }
    for member in members.voting {
      // It could not be asked afterwards whether it accepts the certificate.
      if let problem = member.problem { obstacles.append(.unreachable(member.name, problem)) }
      obstacles += member.plainURLs.map { .plainHTTP(member.name, $0) }
    }
    if let unreached = try await unreachedKeys(request, state: state) { obstacles.append(unreached) }
    return obstacles
  }

  /// The refusal if keys would be left that only administrators can reach; nil if there are none.
  func unreachedKeys(
    _ request: Request, state: ClusterState
  ) async throws(EtcdError) -> EnableAuthRefusal? {
    let found = try await UnreachedKeys.find(etcd, request.desired, state, allowing: request.unreachable)
    return found.segments.isEmpty
      ? nil : .keysWouldBeUnreached(found.segments, kubernetes: request.desired.kubernetes)
  }

  /// The members' counts of refused requests at the moment at which authentication is turned on.
  private struct Start: Sendable {
    let moment: ContinuousClock.Instant
    let before: Refusals.Readings
    /// After each member has answered the administrator.
    let after: Refusals.Readings
    /// How many requests etcd refused because they were in flight; nil if unknown.
    let refused: Int?
  }

  private func turnOn(
    _ members: ClusterMembers, _ applicant: String, _ wayBack: WayBack, _ keeper: WayBackKeeper,
    _ progress: @escaping @Sendable (String) -> Void
  ) async throws -> Start {
    let (credentials, lock) = (credentials, lock)
    let refusals = Refusals(members, as: credentials)
    return try await EtcdClient.connect(
      to: members.endpoints, as: credentials, timeout: etcd.timeout
    ) { etcd in
      try await EnableAuth(etcd, as: credentials, lock: lock)
        .turnOnEverywhere(refusals, applicant, wayBack, keeper, progress)
    }
  }

  /// Watches the members' counts, and turns authentication off again if they show a lock-out.
  private func watch(
    _ request: WatchRequest?, _ members: ClusterMembers, _ start: Start,
    _ progress: @escaping @Sendable (String) -> Void
  ) async throws -> RefusalReport? {
    guard let request, request.duration > .zero else { return nil }
    let report: RefusalReport
    do {
      report = try await RefusalWatch(
        refusals: Refusals(members, as: credentials), request: request, denied: start.before,
        nameless: start.after, started: start.moment
      ).run(progress)
    } catch is CancellationError { throw WatchInterrupted() }
    guard report.isLockOut else { return report }
    progress("turning authentication off again")
    do {
      try await Task {
        try await etcd.patiently { () async throws(EtcdError) in try await etcd.disableAuth() }
      }.value
    } catch { throw EnableAuthRefusal.cannotTurnOff(report, "\(error)") }
    throw EnableAuthRefusal.requestsRefused(report)
  }

  /// Needs a client of every voting member.
  private func turnOnEverywhere(
    _ refusals: Refusals, _ applicant: String, _ wayBack: WayBack, _ keeper: WayBackKeeper,
    _ progress: (String) -> Void
  ) async throws -> Start {
    do {
      try await lock?.check()
      progress("making a way back in")
      try keeper.keep(wayBack)
      try await etcd.addAdministrator(wayBack.user, password: wayBack.password)
    } catch {
      try? await remove(wayBack)
      try? keeper.forget()
      throw error
    }
    let before = await refusals.read()
    let moment = ContinuousClock.now
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
      try? keeper.forget()
      throw EnableAuthRefusal.certificateDoesNotWork(applicant, "\(error)")
    }
    // Before the temporary administrator is deleted: requests in flight at the deletion are refused once too,
    // and clients retry those.
    let after = await refusals.read()
    try await remove(wayBack)
    try keeper.forget()
    return Start(
      moment: moment, before: before, after: after,
      refused: refusals.changes(.nameless, from: before, to: after).increase)
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

  /// Turns authentication off again with the temporary administrator of a process that was killed, if a member refuses the
  /// certificate; else deletes that administrator.
  /// - Throws: ``EtcdError``; the temporary administrator may be needed then.
  package func recover(with wayBack: WayBack) async throws -> Recovery {
    var isRefused = false
    var problem: String?
    for endpoint in etcd.endpoints {
      do throws(EtcdError) { _ = try await etcd.only(endpoint).users() } catch {
        if [.noIdentity, .permissionDenied].contains(error.code) {
          isRefused = true
        } else {
          problem = "\(error)"
        }
      }
    }
    guard isRefused else {
      if let problem { return .unknown(problem) }
      if try await isLocked(etcd) { return .busy }
      guard try await etcd.users().contains(wayBack.user) else { return .notNeeded }
      try await remove(wayBack)
      return .leftoverDeleted
    }
    guard try await etcd.isAuthEnabled() else {
      return .unknown("members disagree whether authentication is on")
    }
    let temporary: EtcdClient
    do throws(EtcdError) {
      temporary = try await etcd.login(wayBack.user, password: wayBack.password)
    } catch {
      // The process had deleted the user.
      guard [.loginFailed, .notFound].contains(error.code) else { throw error }
      return .userIsGone
    }
    // A process that still runs asks each member itself. The lock of one that was killed ends with its lease.
    for second in 0... {
      guard try await isLocked(temporary) else { break }
      guard second < 2 * ClusterLock.usualTerm else { return .busy }
      try await Task.sleep(for: .seconds(1))
    }
    try await temporary.disableAuth()
    try await remove(wayBack)
    return .turnedOff
  }

  /// What came of the note of a temporary administrator.
  package enum Recovery: Hashable, Sendable {
    /// Each member accepts the certificate, or authentication is off, and the temporary administrator does not exist.
    case notNeeded
    /// The same, and the temporary administrator existed and is deleted.
    case leftoverDeleted
    /// Authentication was on and is off again.
    case turnedOff
    /// A member refuses the certificate, and the temporary administrator does not exist any more.
    case userIsGone
    /// Another process holds the lock, perhaps the one that made the note.
    case busy
    /// A member did not say whether it accepts the certificate, and why.
    case unknown(String)
  }

  private func isLocked(_ etcd: EtcdClient) async throws(EtcdError) -> Bool {
    try await etcd.holdsAny(.key(OwnKeys.lock))
  }

  private func remove(_ wayBack: WayBack) async throws {
    try await Apply(etcd).make(.deleteUser(wayBack.user))
  }
}
