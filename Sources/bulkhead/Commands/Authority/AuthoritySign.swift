import Arguments
import AuthorityServer
import Certificates
import Files
import Glibc
import Log
import Names
import Processes
import Terminal

struct AuthoritySign: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Hold the authority's key and issue certificates for fronts on this machine.",
    discussion: """
      The enrolment server as two processes: this one has the key and the ledger and needs no network; 'bulkhead \
      authority serve --signer PATH' has the network, and neither. Orders arrive over a socket in the file system, from \
      processes of the users that --front names (by default of this process's own user). Each order is checked against \
      the file and the ledger here, whatever the front has checked, and is a line of JSON in this process's own audit \
      log. A renewal has to be signed with the key of the certificate that it renews.

        bulkhead authority sign --socket /run/bulkhead-signer/signer.sock --front bulkhead-front --host authority.example.org
        bulkhead authority serve --signer /run/bulkhead-signer/signer.sock

      Service-account tokens are verified here with the key set in a file: --kubernetes-keys takes no URL. \
      Examples/systemd has a unit for each of the two.
      """)

  @Option(help: "The path of the socket; a folder in which this user may write.") var socket: String
  @Option(help: "A user, by name or number, whose processes may give orders; may be repeated.")
  var front: [String] = []
  @Option(help: "A name or address for which fronts get a server certificate; may be repeated.")
  var host: [String] = []
  @Option(help: "The group that may connect to the socket (mode 0660), one that this user is in.")
  var socketGroup: String?
  @Option(help: "Append decisions to this file (mode 0600) instead of standard error.") var audit: String?
  @Flag(
    help: """
      Accept renewals of agents before 0.2.0, which are not signed with the old key: a front that was taken over can \
      then renew each certificate that it has seen.
      """) var acceptOldAgents = false
  @OptionGroup(title: "Service accounts") var cluster: ServiceAccountOption
  @OptionGroup var fileOption: FileOption
  @OptionGroup var passphraseOption: PassphraseOption
  @OptionGroup var logOption: LogOption

  func validate() throws {
    if let keys = cluster.kubernetesKeys, keys.hasPrefix("https://") {
      throw ValidationError("--kubernetes-keys takes a file here: the signer needs no network")
    }
    guard cluster.kubernetesReview == nil else {
      throw ValidationError(
        "--kubernetes-review is for 'bulkhead authority serve': the signer needs no network")
    }
  }

  func run() async throws {
    var logger = Logger(label: "signer", format: logOption.logFormat)
    logger.logLevel = .notice
    for problem in ProcessMemory.protect() { logger.warning("\(problem)") }
    let workspace = try Workspace(fileOption)
    if !host.isEmpty { try workspace.checkSignsForServers(host) }
    let memory = PassphraseMemory(passphraseOption.source)
    var settings = AuthoritySettings(
      file: fileOption.file, directory: workspace.authority,
      passphrase: { try memory.value ?? memory.source($0) }, host: "", port: 0, certificate: .issued(for: []),
      auditFile: audit)
    settings.acceptsOldAgents = acceptOldAgents
    settings.serviceAccounts = cluster.settings
    let users = try front.isEmpty ? [geteuid()] : front.map(FileOwner.user)
    let signer = try SignerService(
      settings,
      socket: SignerSocket(
        path: socket, users: Set(users), hosts: try host.map(HostName.init),
        group: try socketGroup.map(FileOwner.group)),
      logger: logger)
    let path = socket
    try await signer.run { Console.note("taking orders at \(path)") }
  }
}
