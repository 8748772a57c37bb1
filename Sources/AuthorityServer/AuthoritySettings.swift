import Certificates

/// How an authority server is run.
package struct AuthoritySettings: Sendable {
  /// Which certificate the server shows.
  package enum OwnCertificate: Sendable {
    /// One that its own authority issues for these names and addresses, kept in `server/` beside the authority.
    case issued(for: [HostName])
    /// One that somebody else looks after: PEM files, read again when they change.
    case files(certificate: String, key: String)
  }

  /// What keeps one client, or many, from using the server up.
  package struct Limits: Sendable {
    /// Requests a second from one address, over time; ten times as many at once.
    package var ratePerClient = 20.0
    /// Requests a second in all, over time; twice as many at once.
    package var rate = 2_000.0
    /// Requests that may wait for the ledger at once.
    package var waiting = 1_024
    package var connections = 4_096
    package var connectionsPerClient = 1_024
    /// The largest request in bytes: a certificate request has a few hundred, one for an RSA key of 8192 bits 3 kB.
    package var bodySize = 32 << 10
    /// How long a connection may take for its handshake and head, and again for its body, and may be idle.
    package var patience = Duration.seconds(10)
    /// How long requests in hand may take once the server is asked to stop.
    package var farewell = Duration.seconds(20)
    /// How often the server's own certificate is looked after.
    package var ownCertificateInterval = Duration.seconds(30)

    package init() {}
  }

  /// `bulkhead.yaml`, read again when it changes.
  package var file: String
  /// The authority's folder.
  package var directory: String
  package var passphrase: PassphraseSource
  package var host: String
  /// 0 for one that the system chooses.
  package var port: Int
  package var certificate: OwnCertificate
  /// The file that decisions are appended to; nil for standard error.
  package var auditFile: String?
  /// Nil where join tokens alone count.
  package var serviceAccounts: ServiceAccountSettings?
  package var limits = Limits()

  package init(
    file: String, directory: String, passphrase: @escaping PassphraseSource, host: String, port: Int,
    certificate: OwnCertificate, auditFile: String?
  ) {
    self.file = file
    self.directory = directory
    self.passphrase = passphrase
    self.host = host
    self.port = port
    self.certificate = certificate
    self.auditFile = auditFile
  }
}
