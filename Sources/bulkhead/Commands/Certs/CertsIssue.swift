import Arguments
import Certificates
import FoundationEssentials
import Reporting
import Segmentation
import Terminal

struct CertsIssue: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue",
    abstract: "Issue a client certificate for each identity of the file that has no good one.",
    discussion: """
      The Common Name is the etcd user; clientAuth only, no alternative names. Certificates that are good are left \
      as they are. They are written beside the authority, in clients/USER.crt and clients/USER.key (mode 0600).

      An identity that 'certs revoke' has blocked gets none, and the exit code is 2, until 'certs unblock'.

      kube-apiserver's certificate usually belongs to Kubernetes; --apiserver issues it anyway.
      """)

  @Flag(help: "Issue the administrator's certificate too, CN=root. Its holder may do everything.")
  var root = false
  @Flag(help: "Issue kube-apiserver's client certificate too.") var apiserver = false
  @Flag(help: "Issue the certificates of the administrators that the file names too.") var administrators =
    false
  @OptionGroup var fileOption: FileOption
  @OptionGroup var nodesOption: NodesOption
  @OptionGroup var passphraseOption: PassphraseOption
  @OptionGroup var outputOption: OutputOption

  func run() async throws {
    let workspace = try Workspace(fileOption, nodes: nodesOption)
    let holders = try workspace.holders(root: root, apiserver: apiserver, administrators: administrators)
    let issued = try workspace.certificates.issue(
      for: holders, by: try workspace.issuer(passphraseOption, allowRoot: root)
    ) { Console.progress("\($0) of \(holders.count) certificates") }
    Console.clearProgress()
    try Console.out(try IssueReport(issued), outputOption)
    if Console.note(blockedIn: issued) { throw ExitCode(2) }
  }
}

extension Console {
  /// Says which identities got no certificate because they are blocked.
  /// - Returns: false if there are none.
  static func note(blockedIn issued: [CredentialDirectory.Issuance]) -> Bool {
    let blocked = issued.filter { $0.block != nil }
    for name in Set(blocked.map(\.user)).sorted() {
      note("'\(name)' is blocked since it was revoked, and got no certificate")
    }
    guard !blocked.isEmpty else { return false }
    note("hint: 'bulkhead certs unblock NAME' lifts the block; then run the same command again")
    return true
  }
}
