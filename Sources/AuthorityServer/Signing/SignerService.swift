import Certificates
import Cryptography
import Dispatch
import FoundationEssentials
import Glibc
import HTTP
import Log
import Names
import Network
import Services
import Synchronization

/// The signer as a process of its own: it holds the authority's key and the ledger, has no network, and takes orders from
/// fronts over a socket in the file system. It trusts no front: it verifies each proof itself, and each order against the
/// rules, and writes each decision to an audit log of its own before the answer.
package struct SignerService: Sendable {
  private let settings: AuthoritySettings
  private let socket: SignerSocket
  private let signer: LocalSigner
  private let audit: AuditLog
  private let logger: Logger

  /// Reads the files.
  /// - Throws: ``AuthorityServerError``, `CertificatesError`, `FileError`, or the faults of the segmentation file.
  package init(_ settings: AuthoritySettings, socket: SignerSocket, logger: Logger) throws {
    self.settings = settings
    self.socket = socket
    self.logger = logger
    signer = try LocalSigner(settings, trustsHandshake: settings.acceptsOldAgents, logger: logger)
    audit = try AuditLog(settings.auditFile, limits: settings.limits, logger: logger)
  }

  /// Takes orders until the process is asked to stop.
  /// - Parameters:
  ///   - heedsSignals: whether SIGTERM and SIGINT stop it; if false, only cancellation of the task does.
  ///   - onStart: called when fronts can connect.
  /// - Throws: ``AuthorityServerError`` if it cannot listen.
  package func run(heedsSignals: Bool = true, onStart: @escaping @Sendable () -> Void) async throws {
    let desk = SignerDesk(
      signer: signer, socket: socket, audit: audit, logger: logger, onStart: onStart)
    if !heedsSignals { audit.ignoreSignals() }
    let group = ServiceGroup(
      [signer.rules, audit, desk], gracefulShutdownSignals: heedsSignals ? [.sigterm, .sigint] : [],
      maximumGracefulShutdownDuration: settings.limits.farewell)
    try await group.run()
  }
}

/// Where a signer takes orders, and which users may give them.
package struct SignerSocket: Sendable {
  package var path: String
  /// The users whose processes may give orders.
  package var users: Set<UInt32>
  /// The names and addresses for which a front may get a server certificate.
  package var hosts: [HostName]
  /// The group that may connect; nil if only the permission bits decide.
  package var group: UInt32?

  package init(path: String, users: Set<UInt32>, hosts: [HostName], group: UInt32? = nil) {
    self.path = path
    self.users = users
    self.hosts = hosts
    self.group = group
  }

  /// The permission bits of the socket file. The user of the peer decides in any case.
  fileprivate var mode: UInt32 { group != nil ? 0o660 : users == [geteuid()] ? 0o600 : 0o666 }
}

/// Accepts connections of fronts and answers their orders.
private struct SignerDesk: Service {
  let signer: LocalSigner
  let socket: SignerSocket
  let audit: AuditLog
  let logger: Logger
  let onStart: @Sendable () -> Void

  /// A request with its proof has a few kilobytes.
  private static let limit = 256 << 10
  /// Orders of one connection that are not answered. One more ends the connection.
  private static let mostOpen = 8_192

  func run() async throws {
    let listener: LocalSocket
    do {
      listener = try LocalSocket.listen(on: socket.path, mode: socket.mode, group: socket.group)
    } catch {
      throw AuthorityServerError(
        "cannot take orders: \(error)",
        hint: "name another path with --socket, in a folder that this user may write"
          + (socket.group == nil ? "" : ", and with --socket-group a group of this user"))
    }
    if socket.mode & 0o002 != 0 {
      logger.notice(
        "the socket has mode 0666: every user that can reach its folder may connect; --socket-group limits that to a group"
      )
    }
    let connections = Connections()
    let accepting = DispatchQueue(label: "signer")
    accepting.async { accept(listener, connections) }
    onStart()
    do {
      try await gracefulShutdown()
    } catch {}
    connections.end()
    listener.shutdown()
  }

  private func accept(_ listener: LocalSocket, _ connections: Connections) {
    var (refusals, failures) = (SparseReport(), SparseReport())
    let accepting = AcceptingLoop(hasEnded: { connections.hasEnded })
    accepting.run(
      accept: { () throws in try listener.accept() },
      failed: { error in
        guard let count = failures.add(now: .now) else { return }
        logger.error("\(error); \(count) failures since the last such message. Accepting goes on")
      },
      take: { connection in
        let peer = try? connection.peer()
        guard let peer, socket.users.contains(peer.user) else {
          guard let count = refusals.add(now: .now) else { return }
          logger.warning(
            "a process of the user \(peer.map { "\($0.user)" } ?? "unknown") was refused at the socket; \(count) refusals since the last such message"
          )
          return
        }
        guard connections.add(connection) else { return }
        DispatchQueue(label: "front \(peer.process)").async {
          serve(connection, front: "process \(peer.process) of the user \(peer.user)")
          connections.remove(connection)
        }
      })
  }

  /// Reads orders until the connection ends. Each is answered when it is done, in any order.
  /// - Parameter front: the process at the other end, for the audit log.
  private func serve(_ connection: LocalSocket, front: String) {
    let answers = DispatchQueue(label: "answers")
    let state = Open()
    let unanswered = DispatchGroup()
    while let order = try? read(connection) {
      guard state.begin(limit: Self.mostOpen) else { break }
      unanswered.enter()
      Task {
        let answer = await answer(order, of: front)
        answers.async {
          try? connection.write(answer.bytes)
          state.end()
          unanswered.leave()
        }
      }
    }
    _ = unanswered.wait(timeout: .now() + .seconds(20))
    connection.shutdown()
  }

  private func read(_ connection: LocalSocket) throws -> SignerFrame? {
    guard let head = try connection.read(SignerFrame.headSize) else { return nil }
    guard let length = SignerFrame.length(head, limit: Self.limit), let rest = try connection.read(length)
    else { return nil }
    return SignerFrame(rest)
  }

  private func answer(_ order: SignerFrame, of front: String) async -> SignerFrame {
    do {
      switch order.kind {
      case .fill: return try await fill(order, of: front)
      case .state: return SignerFrame(order.number, try await signer.state())
      case .list: return SignerFrame(order.number, try await signer.revocationList(known: order.text(0)))
      case .server: return try await serverCertificate(order, of: front)
      case .done, .refused, .failed: throw SigningOrder.Malformed()
      }
    } catch {
      if let failure = error as? IssuingFailure { logger.error("nothing was issued: \(failure.cause)") }
      if error is AuditFailure {
        logger.error("the decision is not in the audit log, so nothing is sent: \(error)")
      }
      return SignerFrame(order.number, error: error)
    }
  }

  private func fill(_ frame: SignerFrame, of front: String) async throws -> SignerFrame {
    var entry = AuditEntry(time: Date(), decision: .refused, client: front)
    do {
      var order = try SigningOrder(frame)
      entry.identity = order.request.name
      switch order.proof {
      case .token(let token): (entry.method, entry.proof) = ("token", token.id)
      case .certificate(let der, _):
        (entry.method, entry.proof) = ("certificate", CertificateFacts(der: der)?.serial)
        entry.early = order.reason
      case .serviceAccount(let token, _):
        entry.method = "service-account"
        let proved = try await signer.proved(token)
        order.proof = .serviceAccount(token, proved)
        (entry.proof, entry.pod, entry.token) = (proved.account, proved.use.podUID, proved.use.id)
      }
      let filled = try await signer.fill(order)
      entry.decision = entry.method == "certificate" ? .renewed : .issued
      (entry.node, entry.serial) = (filled.node, filled.serial)
      try await audit.record(entry)
      return SignerFrame(
        frame.number, .done, texts: [filled.certificatePEM, filled.serial, filled.node, filled.etcdCA])
    } catch let error as AuditFailure {
      throw error
    } catch {
      let refusal = Refusal(error)
      entry.reason = refusal.message
      try await audit.refuse(entry, status: refusal.status.code, network: nil)
      throw error
    }
  }

  /// A certificate for the names that fronts may have, and for the key of a front.
  private func serverCertificate(_ order: SignerFrame, of front: String) async throws -> SignerFrame {
    guard !socket.hosts.isEmpty else {
      throw OrderRefusal(
        .forbidden, "the signer issues no server certificate",
        hint: "start 'bulkhead authority sign' with --host, or the front with --certificate and --key")
    }
    let request = try CertificateRequest(pem: order.text(0) ?? "")
    let certificate = try signer.serverCertificate(request, for: socket.hosts)
    let facts = try CertificateFacts(pem: certificate, source: "the server's certificate")
    try await audit.record(
      AuditEntry(
        time: Date(), decision: .issued, identity: socket.hosts.map { "\($0)" }.joined(separator: ","),
        method: "server", client: front, serial: facts.serial))
    return SignerFrame(order.number, .done, texts: [certificate])
  }

  /// How many orders of a connection are not answered.
  private final class Open: Sendable {
    private let count = Mutex(0)
    func begin(limit: Int) -> Bool {
      count.withLock { count in
        guard count < limit else { return false }
        count += 1
        return true
      }
    }
    func end() { count.withLock { $0 -= 1 } }
  }

  /// The connections of fronts.
  private final class Connections: Sendable {
    private static let most = 64
    private let open = Mutex<[ObjectIdentifier: LocalSocket]?>([:])

    /// - Returns: false if there are too many, or none is taken any more.
    func add(_ connection: LocalSocket) -> Bool {
      open.withLock { open in
        guard let count = open?.count, count < Self.most else { return false }
        open?[ObjectIdentifier(connection)] = connection
        return true
      }
    }

    var hasEnded: Bool { open.withLock { $0 == nil } }

    func remove(_ connection: LocalSocket) { open.withLock { $0?[ObjectIdentifier(connection)] = nil } }

    func end() {
      let all = open.withLock { open in
        defer { open = nil }
        return open ?? [:]
      }
      for connection in all.values { connection.shutdown() }
    }
  }
}
