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

  private let settings: AuthoritySettings
  private let makeIssuer: @Sendable () throws -> Issuer
  private let logger: Logger
  private let shown: Mutex<Shown>

  /// - Throws: ``AuthorityServerError``, `CertificatesError` or `FileError`.
  init(
    _ settings: AuthoritySettings, logger: Logger, makeIssuer: @escaping @Sendable () throws -> Issuer
  ) throws {
    self.settings = settings
    self.makeIssuer = makeIssuer
    self.logger = logger
    shown = Mutex(try Self.load(settings, makeIssuer))
  }

  var ends: Date { shown.withLock { $0.facts.notAfter } }
  /// When it is due; nil if others renew it.
  var due: Date? {
    guard case .issued = settings.certificate else { return nil }
    let facts = shown.withLock { $0.facts }
    return facts.notBefore + facts.notAfter.timeIntervalSince(facts.notBefore) * Renewal.usualShare
  }

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while true {
        try await Task.sleep(for: self.settings.limits.ownCertificateInterval)
        self.refresh()
      }
    }
  }

  func refresh() {
    do {
      let new = try Self.load(settings, makeIssuer)
      let isNew = shown.withLock { shown in
        defer { shown = new }
        return shown.pem != new.pem
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
  var tls: TLSContext { shown.withLock { $0.tls } }

  private static func load(
    _ settings: AuthoritySettings, _ makeIssuer: @Sendable () throws -> Issuer
  ) throws -> Shown {
    switch settings.certificate {
    case .issued(let hosts):
      // During a roll-over some clients may trust only the old authority.
      let trusted = try FileContents.readIfPresent("\(settings.directory)/trust.crt")
      let credential = try makeIssuer().serverCredential(
        for: hosts, in: "\(settings.directory)/server",
        keeping: trusted.map { String(decoding: $0, as: UTF8.self) })
      return try Shown(certificatePEM: credential.certificatePEM, keyPEM: credential.key.secretPEM())
    case .files(let certificate, let key):
      let keyPEM = try FileContents.readText(key)
      return try Shown(certificatePEM: try FileContents.readText(certificate), keyPEM: keyPEM)
    }
  }
}

extension OwnCertificate.Shown {
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
