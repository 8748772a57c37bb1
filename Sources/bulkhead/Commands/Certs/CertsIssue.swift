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
  @OptionGroup var fileArgument: FileArgument
  @OptionGroup var nodesOption: NodesOption
  @OptionGroup var passphraseOption: PassphraseOption
  @OptionGroup var outputOption: OutputOption

  private var fileOption: FileOption { fileArgument.fileOption }

  func run() async throws {
    let workspace = try Workspace(fileOption, nodes: nodesOption)
    let holders = try workspace.holders(root: root, apiserver: apiserver, administrators: administrators)
    let issuer = try workspace.issuer(passphraseOption, allowRoot: root)
    let issued = try workspace.certificates.issue(for: holders, by: issuer) {
      Console.progress("\($0) of \(holders.count) certificates")
    }
    Console.clearProgress()
    try Console.out(try IssueReport(issued), outputOption)
    if issued.contains(where: \.isNew) { Console.note(cutOffBy: issuer) }
    if Console.note(blockedIn: issued) { throw ExitCode(2) }
  }
}

extension Console {
  /// Says that new certificates end with the authority, and not after the lifetime of the file.
  static func note(cutOffBy issuer: Issuer) {
    guard let end = issuer.cutOff else { return }
    note(
      "warning: the authority ends on \(end.day), so new certificates end then, and not after the lifetime of the file\n"
        + "hint: 'bulkhead certs rollover' replaces the authority")
  }

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
