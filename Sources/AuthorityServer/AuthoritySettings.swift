import Certificates
import Names

/// The settings of an authority server.
package struct AuthoritySettings: Sendable {
  /// The server's own certificate.
  package enum OwnCertificate: Sendable {
    /// The server's authority issues it for these names and addresses; it is in `server/` beside the
    /// authority.
    case issued(for: [HostName])
    /// The signer issues it for the names that it has; its key is only in the memory of this process.
    case fromSigner
    /// PEM files that others maintain; read again when they change.
    case files(certificate: String, key: String)
  }

  /// Limits that keep one client, or many, from exhausting the server.
  package struct Limits: Sendable {
    /// Requests a second from one address on average, with a burst of ten times as many.
    package var ratePerClient = 20.0
    /// Requests a second in total on average, with a burst of twice as many.
    package var rate = 2_000.0
    /// The number of requests that may wait for the ledger.
    package var waiting = 1_024
    package var connections = 4_096
    package var connectionsPerClient = 64
    /// From one /64 network of IPv6, which the nodes of a cluster may share.
    package var connectionsPerNetwork = 1_024
    /// How many of `connections` are kept for addresses whose client got or renewed a certificate within a day.
    package var reserve = 512
    /// Refusals a second from one address that are written to the audit log one by one, with a burst of twenty
    /// times as many.
    package var refusalsPerClient = 1.0
    /// The same in total, with a burst of 200.
    package var refusals = 5.0
    /// How often other refusals are summed in the audit log.
    package var sumInterval = Duration.seconds(10)
    /// The largest request in bytes: a certificate request has a few hundred, one for an RSA key of 8192 bits 3 kB.
    package var bodySize = 32 << 10
    /// How long a connection may take for its handshake and head, and again for its body, and how long it may
    /// be idle.
    package var patience = Duration.seconds(10)
    /// How long requests in flight may take after the server is asked to stop.
    package var farewell = Duration.seconds(20)
    /// How often the server's own certificate is checked.
    package var ownCertificateInterval = Duration.seconds(30)

    package init() {}
  }

  /// `bulkhead.yaml`, read again when it changes.
  package var file: String
  /// The authority's folder.
  package var directory: String
  package var passphrase: PassphraseSource
  package var host: String
  /// 0 for a port that the system chooses.
  package var port: Int
  package var certificate: OwnCertificate
  /// Where the metrics are, in plain HTTP; nil if they are beside the other paths.
  package var metricsListen: ListenAddress?
  /// The audit log of this process, server or signer; nil for standard error.
  package var auditFile: String?
  /// Nil if only join tokens are accepted.
  package var serviceAccounts: ServiceAccountSettings?
  package var limits = Limits()
  /// The socket of a signer; nil if this process holds the authority's key. Then `file`, `directory` and `passphrase` are
  /// not used.
  package var signer: String?
  /// Whether a signer accepts renewals without a signature by the key of the certificate, as agents before 0.2.0 send
  /// them. Then a front that was taken over can renew each certificate that it has seen.
  package var acceptsOldAgents = false

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
