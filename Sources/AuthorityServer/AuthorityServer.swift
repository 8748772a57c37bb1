import Certificates
import FoundationEssentials
import HTTP
import Log
import Services

/// A small enrolment server: nodes get a first certificate with a join token or service account, and renew it
/// with itself. The authority's key is in this process, or in a signer: another process without a network.
package struct AuthorityServer: Sendable {
  private let settings: AuthoritySettings
  private let logger: Logger
  /// What runs beside listening.
  private let services: [any Service]
  private let certificate: OwnCertificate
  private let audit: AuditLog
  private let admission = Admission()
  private let router: RequestRouter
  private let metrics: @Sendable () async -> String

  /// Reads the files, and issues the server's own certificate if needed.
  /// - Throws: ``AuthorityServerError``, `CertificatesError`, `FileError`, or the faults of the segmentation
  ///   file.
  package init(_ settings: AuthoritySettings, logger: Logger) throws {
    if let path = settings.signer {
      let signer = RemoteSigner(path, most: settings.limits.waiting, logger: logger)
      try self.init(
        settings, signer, OwnCertificate(settings, signer: signer, logger: logger), [signer], logger: logger)
    } else {
      let signer = try LocalSigner(settings, trustsHandshake: true, logger: logger)
      let certificate = try OwnCertificate(settings, logger: logger, makeIssuer: signer.makeIssuer)
      try self.init(
        settings, signer, certificate, [signer.rules], serviceAccounts: signer.serviceAccounts, logger: logger
      )
    }
  }

  private init(
    _ settings: AuthoritySettings, _ signer: any Signer, _ certificate: OwnCertificate,
    _ services: [any Service],
    serviceAccounts: ServiceAccounts? = nil, logger: Logger
  ) throws {
    self.settings = settings
    self.logger = logger
    self.services = services
    self.certificate = certificate
    let counters = ServerMetrics()
    let serviceAccounts = serviceAccounts ?? settings.serviceAccounts.map(ServiceAccounts.init)
    let audit = try AuditLog(settings.auditFile, limits: settings.limits, logger: logger)
    self.audit = audit
    let rateLimit = RateLimit(settings.limits)
    metrics = { [admission] in
      let state = try? await signer.state()
      return counters.text(
        ServerMetrics.Gauges(
          isReady: state?.isReady ?? false, isFileCurrent: state?.isFileCurrent ?? false,
          waiting: state?.waiting ?? 0, authorityEnds: state?.authorityEnds,
          certificateEnds: certificate.ends,
          certificateDue: certificate.due, clusterKeysAge: await serviceAccounts?.keys.age(),
          connections: admission.counts, summedRefusals: audit.summed, isAuditWritable: audit.isWritable))
    }
    router = RequestRouter(
      desk: EnrolmentDesk(
        signer: signer, serviceAccounts: serviceAccounts, rateLimit: rateLimit, audit: audit,
        admission: admission, metrics: counters, logger: logger),
      signer: signer, rateLimit: rateLimit, limits: settings.limits,
      isReady: { (try? await signer.state())?.isReady ?? false },
      metrics: settings.metricsListen == nil ? metrics : nil)
  }

  /// Serves until the process is asked to stop; requests in flight are completed first.
  /// - Parameters:
  ///   - heedsSignals: whether SIGTERM and SIGINT stop it; if false, only cancellation of the task does.
  ///   - onStart: called with the port when connections are accepted.
  /// - Throws: ``AuthorityServerError`` if it cannot listen on the address, or the signer gives no certificate.
  package func run(
    heedsSignals: Bool = true, onStart: @escaping @Sendable (Int) async -> Void
  ) async throws {
    try await certificate.load()
    let listening = Listening(
      settings, certificate: certificate, router: router, admission: admission, logger: logger,
      onStart: onStart)
    if !heedsSignals { audit.ignoreSignals() }
    let scraped = settings.metricsListen.map {
      MetricsListening(listen: $0, metrics: metrics, logger: logger)
    }
    let group = ServiceGroup(
      services + [certificate, audit] + [scraped].compactMap { $0 } + [listening],
      gracefulShutdownSignals: heedsSignals ? [.sigterm, .sigint] : [],
      maximumGracefulShutdownDuration: settings.limits.farewell)
    try await group.run()
  }
}
