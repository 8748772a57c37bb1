import Arguments
import Certificates
import FoundationEssentials
import Reporting
import Segmentation

struct CertsIssue: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue",
    abstract: "Issue a client certificate for each identity of the file that has no good one.",
    discussion: """
      The Common Name is the etcd user; clientAuth only, no alternative names. Certificates that are good are left \
      as they are. They are written beside the authority, in clients/USER.crt and clients/USER.key (mode 0600).

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
  }
}
