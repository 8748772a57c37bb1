import Certificates
import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import ServiceLifecycle

/// A small enrolment server: nodes get a first certificate with a join token or service account, and renew it
/// with itself. One process for each ledger.
package struct AuthorityServer: Sendable {
  private let settings: AuthoritySettings
  private let logger: Logger
  private let rules: RulesFile
  private let certificate: OwnCertificate
  private let queue: IssuingQueue
  private let door: FrontDoor

  /// Reads the files, and issues the server's own certificate if needed.
  /// - Throws: ``AuthorityServerError``, `CertificatesError`, `FileError`, or the faults of the segmentation
  ///   file.
  package init(_ settings: AuthoritySettings, logger: Logger) throws {
    self.settings = settings
    self.logger = logger
    let rules = try RulesFile(settings, logger: logger)
    let ledger = try Ledger(in: settings.directory)
    let makeIssuer: @Sendable () throws -> Issuer = {
      let rules = try rules.inForce
      return Issuer(rules.authority, ledger: ledger, lifetime: rules.lifetime, now: Date())
    }
    let certificate = try OwnCertificate(settings, logger: logger, makeIssuer: makeIssuer)
    let queue = IssuingQueue(limit: settings.limits.waiting, makeIssuer: makeIssuer)
    let metrics = ServerMetrics()
    let isReady: @Sendable () -> Bool = {
      rules.isAuthorityInPlace && rules.rules.authority.facts.isValid(at: Date()) && ledger.isReadable
    }
    self.rules = rules
    self.certificate = certificate
    self.queue = queue
    door = FrontDoor(
      desk: EnrolmentDesk(
        rules: rules, serviceAccounts: settings.serviceAccounts.map(ServiceAccounts.init), queue: queue,
        rateLimit: RateLimit(settings.limits),
        audit: try AuditLog(settings.auditFile), metrics: metrics, logger: logger),
      limits: settings.limits, isReady: isReady,
      metrics: {
        metrics.text(
          ServerMetrics.Gauges(
            isReady: isReady(), isFileCurrent: rules.isCurrent, waiting: await queue.length,
            authorityEnds: rules.rules.authority.facts.notAfter, certificateEnds: certificate.ends,
            certificateDue: certificate.due))
      })
  }

  /// Serves until the process is asked to stop; requests in flight are completed first.
  /// - Parameters:
  ///   - heedsSignals: whether SIGTERM and SIGINT stop it; if false, only cancellation of the task does.
  ///   - onStart: called with the port when connections are accepted.
  /// - Throws: ``AuthorityServerError`` if it cannot listen on the address.
  package func run(
    heedsSignals: Bool = true, onStart: @escaping @Sendable (Int) async -> Void
  ) async throws {
    let limits = settings.limits
    let http = HTTP1Channel.Configuration(
      idleTimeout: TimeAmount(limits.patience),
      httpDecoderConfiguration: .init(
        maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 64))
    let tls = TLSChannelConfiguration(
      tlsConfiguration: certificate.tls,
      customVerificationCallback: { _, promise in promise.succeed(.certificateVerified) })
    let perClient = ConnectionLimit(perClient: limits.connectionsPerClient)
    let server = HTTPServerBuilder { responder in
      LimitedChannel(
        base: try TLSChannel(HTTP1Channel(responder: responder, configuration: http), configuration: tls),
        limit: perClient)
    }
    let application = Application(
      responder: door, server: server,
      configuration: ApplicationConfiguration(
        address: .hostname(settings.host, port: settings.port), backlog: 4_096,
        availableConnectionsDelegate: MaximumAvailableConnections(
          ConnectionLimit.room(for: limits.connections), logger: logger)),
      onServerRunning: { channel in await onStart(channel.localAddress?.port ?? 0) }, logger: logger)
    var configuration = ServiceGroupConfiguration(
      services: [rules, certificate, application],
      gracefulShutdownSignals: heedsSignals ? [.sigterm, .sigint] : [], logger: logger)
    configuration.maximumGracefulShutdownDuration = limits.farewell
    do {
      try await ServiceGroup(configuration: configuration).run()
    } catch let error as IOError {
      throw AuthorityServerError(
        "cannot listen on \(settings.host):\(settings.port): \(String(cString: strerror(error.errnoCode)).lowercased())",
        hint: "choose another address or port with --listen")
    }
  }
}
