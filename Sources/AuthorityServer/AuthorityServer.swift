import Certificates
import FoundationEssentials
import Log
import Services

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
      return Issuer(
        rules.authority, ledger: ledger, lifetime: rules.lifetime, enrolledLifetime: rules.enrolledLifetime,
        now: Date())
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
    let listening = Listening(
      settings, certificate: certificate, door: door, logger: logger, onStart: onStart)
    let group = ServiceGroup(
      [rules, certificate, listening], gracefulShutdownSignals: heedsSignals ? [.sigterm, .sigint] : [],
      maximumGracefulShutdownDuration: settings.limits.farewell)
    try await group.run()
  }
}
