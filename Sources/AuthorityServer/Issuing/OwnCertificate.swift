import Certificates
import Cryptography
import Files
import FoundationEssentials
import Log
import Services
import Synchronization

/// The server's own certificate. New connections use the newest one without a restart.
final class OwnCertificate: Service {
  fileprivate struct Shown {
    var tls: TLSContext
    var facts: CertificateFacts
    /// The PEM text of the certificate.
    var pem: String
  }

  private enum Source: Sendable {
    case files(@Sendable () throws -> Shown)
    case signer(RemoteSigner)
  }

  private let settings: AuthoritySettings
  private let source: Source
  private let logger: Logger
  /// Nil until the signer has issued the first one.
  private let shown: Mutex<Shown?>

  /// - Throws: ``AuthorityServerError``, `CertificatesError` or `FileError`.
  init(
    _ settings: AuthoritySettings, logger: Logger, makeIssuer: @escaping @Sendable () throws -> Issuer
  ) throws {
    self.settings = settings
    self.logger = logger
    source = .files { try Self.load(settings, makeIssuer) }
    shown = Mutex(try Self.load(settings, makeIssuer))
  }

  /// The certificate of a server whose authority's key is in another process. ``load()`` gets it.
  /// - Throws: ``AuthorityServerError``, `CertificatesError` or `FileError`.
  init(_ settings: AuthoritySettings, signer: RemoteSigner, logger: Logger) throws {
    self.settings = settings
    self.logger = logger
    switch settings.certificate {
    case .files(let certificate, let key):
      let load: @Sendable () throws -> Shown = { try Self.read(certificate, key) }
      source = .files(load)
      shown = Mutex(try load())
    case .issued, .fromSigner:
      source = .signer(signer)
      shown = Mutex(nil)
    }
  }

  var ends: Date? { shown.withLock { $0?.facts.notAfter } }
  /// When it is due; nil if others renew it.
  var due: Date? {
    if case .files = settings.certificate { return nil }
    guard let facts = shown.withLock({ $0?.facts }) else { return nil }
    return facts.notBefore + facts.notAfter.timeIntervalSince(facts.notBefore) * Renewal.usualShare
  }

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while true {
        try await Task.sleep(for: self.settings.limits.ownCertificateInterval)
        await self.refreshFromSource()
      }
    }
  }

  /// Gets the first certificate, if it is not there.
  /// - Throws: ``AuthorityServerError`` if the signer gives none.
  func load() async throws {
    guard case .signer(let signer) = source else { return }
    do {
      try await renew(by: signer)
    } catch let error as OrderRefusal {
      throw AuthorityServerError(error.message, hint: error.hint ?? "the signer's log says why")
    } catch let error as Refusal {
      throw AuthorityServerError(
        "the signer gives no server certificate: \(error.message)",
        hint: error.hint ?? "the signer's log says why")
    } catch {
      throw AuthorityServerError(
        "the signer gives no server certificate: \(error is SignerUnavailable ? "it cannot be reached" : "\(error)")",
        hint: "start 'bulkhead authority sign' with --host, and with this process's user as --front")
    }
  }

  private func refreshFromSource() async {
    guard case .signer(let signer) = source else { return refresh() }
    do {
      try await renew(by: signer)
    } catch {
      logger.error("the server certificate was not renewed: \(error)")
    }
  }

  /// Requests a new certificate if it has none, if it is due, or if clients no longer trust its authority.
  private func renew(by signer: RemoteSigner) async throws {
    if let held = shown.withLock({ $0 }), !held.facts.isDue(at: Date(), after: Renewal.usualShare),
      held.isSigned(byOneOf: try await signer.state().trusted)
    {
      return
    }
    let key = try Certificates.PrivateKey.generate()
    let new = try Shown(
      certificatePEM: try await signer.serverCertificate(for: key), keyPEM: try key.secretPEM())
    shown.withLock { $0 = new }
    logger.notice("a new server certificate is shown, which ends on \(new.facts.notAfter)")
  }

  /// Reads the files again.
  func refresh() {
    guard case .files(let load) = source else { return }
    do {
      let new = try load()
      let isNew = shown.withLock { shown in
        defer { shown = new }
        return shown?.pem != new.pem
      }
      if isNew { logger.notice("a new server certificate is shown, which ends on \(new.facts.notAfter)") }
    } catch {
      logger.error("the server certificate was not renewed: \(error)")
    }
  }

  /// The TLS of new connections. It requests a client certificate and also accepts clients without one.
  ///
  /// Each client certificate is accepted here: the handshake proves that the client has its key, and the
  /// ledger, which has each certificate byte for byte, is checked when the client requests a renewal. So the
  /// client gets a message if its certificate is expired or revoked.
  ///
  /// ``load()`` comes before the first connection.
  var tls: TLSContext? { shown.withLock { $0?.tls } }

  private static func load(
    _ settings: AuthoritySettings, _ makeIssuer: @Sendable () throws -> Issuer
  ) throws -> Shown {
    switch settings.certificate {
    case .issued(let hosts):
      // During a roll-over some clients may trust only the old authority.
      let trusted = try FileContents.readRegularIfPresent("\(settings.directory)/trust.crt")
      let credential = try makeIssuer().serverCredential(
        for: hosts, in: "\(settings.directory)/server",
        keeping: trusted.map { String(decoding: $0, as: UTF8.self) })
      return try Shown(certificatePEM: credential.certificatePEM, keyPEM: credential.key.secretPEM())
    case .files(let certificate, let key): return try read(certificate, key)
    case .fromSigner:
      throw AuthorityServerError("there is no signer", hint: "give the server's names with --host")
    }
  }

  private static func read(_ certificate: String, _ key: String) throws -> Shown {
    let keyPEM = try FileContents.readText(key)
    return try Shown(certificatePEM: try FileContents.readText(certificate), keyPEM: keyPEM)
  }
}

extension OwnCertificate.Shown {
  /// Whether one of these authorities in PEM has signed it.
  func isSigned(byOneOf authorities: String) -> Bool {
    guard let own = try? Certificate.all(pem: Array(pem.utf8)).first,
      let authorities = try? Certificate.all(pem: Array(authorities.utf8))
    else { return false }
    return authorities.contains { authority in
      guard authority.subject == own.issuer, let key = try? authority.publicKey else { return false }
      return own.isSigned(by: key)
    }
  }

  fileprivate init(certificatePEM: String, keyPEM: String) throws {
    facts = try CertificateFacts(pem: certificatePEM, source: "the server's certificate")
    pem = certificatePEM
    let unusable = AuthorityServerError(
      "the server's certificate or key cannot be used", hint: "give a PEM certificate chain and its key")
    // Errors of reading are not passed on: their message might quote a key.
    guard let chain = try? Certificate.all(pem: Array(certificatePEM.utf8)), let own = chain.first,
      let key = try? Certificates.PrivateKey(pem: keyPEM).forTLS
    else { throw unusable }
    guard (try? own.publicKey) == key.publicKey else {
      throw AuthorityServerError(
        "the server's key does not belong to its certificate", hint: "give the two that were made together")
    }
    do throws(TLSError) {
      tls = try .server(
        identity: TLSIdentity(chain: chain, key: key), clients: .unverified, protocols: ["http/1.1"])
    } catch {
      throw unusable
    }
  }
}
