import HTTP
import Log
import Network
import Services

/// Accepts connections and answers their requests.
struct Listening: Service {
  private let settings: AuthoritySettings
  private let certificate: OwnCertificate
  private let router: RequestRouter
  private let admission: Admission
  private let logger: Logger
  private let onStart: @Sendable (Int) async -> Void

  init(
    _ settings: AuthoritySettings, certificate: OwnCertificate, router: RequestRouter, admission: Admission,
    logger: Logger, onStart: @escaping @Sendable (Int) async -> Void
  ) {
    self.settings = settings
    self.certificate = certificate
    self.router = router
    self.admission = admission
    self.logger = logger
    self.onStart = onStart
  }

  /// - Throws: ``AuthorityServerError`` if it cannot listen on the address.
  func run() async throws {
    let server = try await start()
    await onStart(Int(server.address.port))
    do {
      try await gracefulShutdown()
      await server.stop()
    } catch {
      await server.stop(within: .zero)
    }
  }

  private func start() async throws(AuthorityServerError) -> Server {
    guard let first = certificate.tls else {
      throw AuthorityServerError("the server has no certificate", hint: "the signer's log says why")
    }
    do throws(NetworkError) {
      return try await Server.start(
        on: settings.host, port: UInt16(settings.port), tls: { [certificate] in certificate.tls ?? first },
        limits: limits, admission: admission,
        report: { [logger] in logger.error("no connection can be accepted: \($0)") },
        handler: { [router] in await router.respond(to: $0) })
    } catch {
      throw AuthorityServerError(
        "cannot listen on \(settings.host):\(settings.port): \(error.listenReason)",
        hint: "choose another address or port with --listen")
    }
  }

  private var limits: ServerLimits {
    var limits = ServerLimits()
    limits.message = MessageLimits(
      field: 16 << 10, fieldCount: 64, head: 32 << 10, body: settings.limits.bodySize)
    limits.connections = ConnectionLimit.room(for: settings.limits.connections)
    limits.connectionsPerClient = settings.limits.connectionsPerClient
    limits.connectionsPerNetwork = settings.limits.connectionsPerNetwork
    // A small limit of open files must leave connections for all clients.
    limits.reserve = min(settings.limits.reserve, limits.connections / 4)
    limits.setPatience(settings.limits.patience)
    limits.farewell = settings.limits.farewell
    return limits
  }
}
