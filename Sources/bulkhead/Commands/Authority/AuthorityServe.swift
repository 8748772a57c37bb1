import Arguments
import AuthorityServer
import Certificates
import Files
import Log
import Names
import Processes
import Terminal
import Text

struct AuthorityServe: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve certificates over HTTPS to nodes that prove who they are.",
    discussion: """
      POST /v1/enroll takes a join token or a Kubernetes service-account token, POST /v1/renew the current certificate \
      in the TLS handshake. /live, /ready and /metrics are for probes and monitoring. A node gets its own identities \
      only: never those of root, kube-apiserver or a person. Each certificate is a line of JSON in the audit log; \
      refusals over a limit are counted there.

      The server's certificate is issued by its own authority for the names given with --host, and renewed in time. An \
      authority of 'certs authority --clients-only' cannot do that; then another signs it, once:
        bulkhead certs authority server-ca --name server-ca
        bulkhead certs member enrolment --authority server-ca --host authority.example.org --to server
        bulkhead authority serve --certificate server/server.crt --key server/server.key

      The file is read again when it changes. SIGHUP opens the audit log again, after a rotation. SIGTERM lets \
      requests in flight finish.
      """)

  @Option(help: "Address and port to listen on.") var listen = "0.0.0.0:8443"
  @Option(help: "A name or address that nodes reach the server by; may be repeated.") var host: [String] = []
  @Option(help: "The socket of 'bulkhead authority sign', which holds the authority's key.") var signer:
    String?
  @Option(help: "A certificate chain of your own for the server, in PEM, instead of --host.")
  var certificate: String?
  @Option(help: "Its key, in PEM.") var key: String?
  @Option(help: "Append decisions to this file (mode 0600) instead of standard error.") var audit: String?
  @Option(help: "Serve /metrics at this address and port in plain HTTP, and not at --listen.")
  var metricsListen: String?
  @Option(help: "Requests a second that one address may make over time.") var ratePerClient = 20.0
  @Option(help: "Requests a second in all.") var rate = 2_000.0
  @Option(help: "Open connections from one address at most.") var connectionsPerClient = 64
  @Option(help: "Open connections in all at most.") var connections = 4_096
  @OptionGroup(title: "Service accounts") var cluster: ServiceAccountOption
  @OptionGroup var fileOption: FileOption
  @OptionGroup var passphraseOption: PassphraseOption

  func validate() throws {
    guard (certificate == nil) == (key == nil) else {
      throw ValidationError("--certificate and --key go together")
    }
    if signer != nil {
      guard host.isEmpty else {
        throw ValidationError("--host is for 'bulkhead authority sign' where --signer is given")
      }
      guard passphraseOption.passphraseFile == nil else {
        throw ValidationError("--passphrase-file is for 'bulkhead authority sign' where --signer is given")
      }
      guard fileOption.file == FileOption().file else {
        throw ValidationError("--file is for 'bulkhead authority sign' where --signer is given")
      }
    }
    guard signer != nil || host.isEmpty != (certificate == nil) else {
      throw ValidationError(
        "give the server's names with --host, or its certificate with --certificate and --key")
    }
    guard ratePerClient > 0, rate > 0 else { throw ValidationError("a rate is more than 0") }
    guard (1...1_000_000).contains(connections), (1...1_000_000).contains(connectionsPerClient) else {
      throw ValidationError("--connections and --connections-per-client take 1 or more")
    }
  }

  @OptionGroup var logOption: LogOption

  func run() async throws {
    var logger = Logger(label: "authority", format: logOption.logFormat)
    logger.logLevel = .notice
    for problem in ProcessMemory.protect() { logger.warning("\(problem)") }
    guard let address = ListenAddress(listen) else {
      throw ValidationError("--listen takes an address and a port: 0.0.0.0:8443, [::]:8443")
    }
    if signer == nil, !host.isEmpty { try Workspace(fileOption).checkSignsForServers(host) }
    // The key is loaded again when the authority changes, without a person who could type the passphrase.
    let memory = PassphraseMemory(passphraseOption.source)
    var settings = AuthoritySettings(
      file: fileOption.file, directory: signer == nil ? try Workspace(fileOption).authority : "",
      passphrase: { try memory.value ?? memory.source($0) }, host: address.host, port: address.port,
      certificate: try ownCertificate, auditFile: audit)
    settings.signer = signer
    settings.metricsListen = try metricsListen.map {
      guard let address = ListenAddress($0) else {
        throw ValidationError("--metrics-listen takes an address and a port: 127.0.0.1:9814")
      }
      return address
    }
    settings.serviceAccounts = cluster.settings
    settings.limits.ratePerClient = ratePerClient
    settings.limits.rate = rate
    settings.limits.connections = connections
    settings.limits.connectionsPerClient = connectionsPerClient
    let server = try AuthorityServer(settings, logger: logger)
    try await server.run { port in Console.note("listening on \(address.text(port: port))") }
  }

  private var ownCertificate: AuthoritySettings.OwnCertificate {
    get throws {
      if let certificate, let key { return .files(certificate: certificate, key: key) }
      return signer == nil ? .issued(for: try host.map(HostName.init)) : .fromSigner
    }
  }
}

extension Workspace {
  /// Refuses `--host` where the authority signs for clients only.
  /// - Parameter hosts: The names of the server.
  func checkSignsForServers(_ hosts: [String]) throws {
    let certificate = "\(authority)/ca.crt"
    guard try FileContents.readIfPresent(certificate) != nil,
      try AuthorityLimits(ofCertificateFile: certificate).isForClientsOnly
    else { return }
    let names = hosts.map { "--host \(ShellWord.bash(Array($0.utf8)))" }.joined(separator: " ")
    throw CommandError(
      "the authority of the clients (\(certificate)) signs for clients only, so it cannot issue the server's certificate",
      hint:
        "'bulkhead certs authority server-ca --name server-ca', then 'bulkhead certs member enrolment --authority "
        + "server-ca \(names) --to server', then 'bulkhead authority serve --certificate server/server.crt --key "
        + "server/server.key'; agents need server-ca/ca.crt as the server's 'ca'")
  }
}
