import Certificates

/// How an authority server is run.
public struct AuthoritySettings: Sendable {
  /// Which certificate the server shows.
  public enum OwnCertificate: Sendable {
    /// One that its own authority issues for these names and addresses, kept in `server/` beside the authority.
    case issued(for: [HostName])
    /// One that somebody else looks after: PEM files, read again when they change.
    case files(certificate: String, key: String)
  }

  /// What keeps one client, or many, from using the server up.
  public struct Limits: Sendable {
    /// Requests a second from one address, over time; ten times as many at once.
    public var ratePerClient = 20.0
    /// Requests a second in all, over time; twice as many at once.
    public var rate = 2_000.0
    /// Requests that may wait for the ledger at once.
    public var waiting = 1_024
    public var connections = 4_096
    public var connectionsPerClient = 1_024
    /// The largest request in bytes: a certificate request has a few hundred, one for an RSA key of 8192 bits 3 kB.
    public var bodySize = 32 << 10
    /// How long a connection may take for its handshake and head, and again for its body, and may be idle.
    public var patience = Duration.seconds(10)
    /// How long requests in hand may take once the server is asked to stop.
    public var farewell = Duration.seconds(20)
    /// How often the server's own certificate is looked after.
    public var ownCertificateInterval = Duration.seconds(30)

    public init() {}
  }

  /// `bulkhead.yaml`, read again when it changes.
  public var file: String
  /// The authority's folder.
  public var directory: String
  public var passphrase: PassphraseSource
  public var host: String
  /// 0 for one that the system chooses.
  public var port: Int
  public var certificate: OwnCertificate
  /// The file that decisions are appended to; nil for standard error.
  public var auditFile: String?
  /// Nil where join tokens alone count.
  public var serviceAccounts: ServiceAccountSettings?
  public var limits = Limits()

  public init(
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
