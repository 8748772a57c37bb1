import Arguments
import AuthorityServer
import Certificates
import Log
import Names

struct AuthorityServe: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve certificates over HTTPS to nodes that prove who they are.",
    discussion: """
      POST /v1/enroll with a join token or a Kubernetes service-account token, POST /v1/renew over TLS with the current certificate; /live, /ready and \
      /metrics for those who look after it. A node gets its own identities and no other: never root's, \
      kube-apiserver's or a person's. Every decision is a line of JSON in the audit log.

      It shows a certificate of its own authority for the names given with --host, and renews it by itself. The file \
      is read again when it changes. SIGTERM lets requests in hand finish.
      """)

  @Option(help: "Address and port to listen on.") var listen = "0.0.0.0:8443"
  @Option(help: "A name or address that nodes reach the server by; may be repeated.") var host: [String] = []
  @Option(help: "A certificate chain of your own for the server, in PEM, instead of --host.")
  var certificate: String?
  @Option(help: "Its key, in PEM.") var key: String?
  @Option(help: "Append decisions to this file (mode 0600) instead of standard error.") var audit: String?
  @Option(help: "Requests a second that one address may make over time.") var ratePerClient = 20.0
  @Option(help: "Requests a second in all.") var rate = 2_000.0
  @OptionGroup(title: "Service accounts") var cluster: ServiceAccountOption
  @OptionGroup var fileOption: FileOption
  @OptionGroup var passphraseOption: PassphraseOption

  func validate() throws {
    guard (certificate == nil) == (key == nil) else {
      throw ValidationError("--certificate and --key go together")
    }
    guard host.isEmpty != (certificate == nil) else {
      throw ValidationError(
        "give the server's names with --host, or its certificate with --certificate and --key")
    }
    guard ratePerClient > 0, rate > 0 else { throw ValidationError("a rate is more than 0") }
  }

  @OptionGroup var logOption: LogOption

  func run() async throws {
    let workspace = try Workspace(fileOption)
    guard let address = ListenAddress(listen) else {
      throw ValidationError("--listen takes an address and a port: 0.0.0.0:8443, [::]:8443")
    }
    // The key is loaded again when the authority changes, without a person who could type the passphrase.
    let memory = PassphraseMemory(passphraseOption.source)
    var settings = AuthoritySettings(
      file: fileOption.file, directory: workspace.authority,
      passphrase: { try memory.value ?? memory.source($0) }, host: address.host, port: address.port,
      certificate: try ownCertificate, auditFile: audit)
    settings.serviceAccounts = cluster.settings
    settings.limits.ratePerClient = ratePerClient
    settings.limits.rate = rate
    var logger = Logger(label: "authority", format: logOption.logFormat)
    logger.logLevel = .notice
    let server = try AuthorityServer(settings, logger: logger)
    try await server.run { port in Console.note("listening on \(address.text(port: port))") }
  }

  private var ownCertificate: AuthoritySettings.OwnCertificate {
    get throws {
      if let certificate, let key { return .files(certificate: certificate, key: key) }
      return .issued(for: try host.map(HostName.init))
    }
  }
}
