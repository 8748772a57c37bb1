import Arguments
import Certificates
import Files
import FoundationEssentials
import Glibc
import Reporting
import Segmentation
import Terminal

struct CertsSign: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Sign a certificate request, so that the key stays where it was made.",
    discussion: """
      The request's own signature must be good, and its Common Name must be that of --identity. A certificate without a \
      Common Name, for OpenStack's components, is requested with -subj /OU=COMPONENT-transport. Nothing else is taken \
      from it: no extension, no other name. The name comes from you and not from the request, because the request \
      may come from a host or a person that requests another identity's certificate.

      Identities that may do more than a node or a program need a flag: --root, --apiserver, --person.

        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=calico-node \\
          -keyout calico-node.key -out calico-node.csr
        bulkhead certs sign calico-node.csr --identity calico-node --to calico-node.crt
      """)

  @Argument(help: "The request, in PEM; '-' reads standard input.") var request: String
  @Option(help: "The identity that the certificate is for: the name that the request must have.")
  var identity: String
  @Option(help: "Write the certificate to this file instead of standard output.") var to: String?
  @Option(help: "The node, for an identity with a certificate for each node.") var node: String?
  @Flag(help: "Sign for root, or for an identity with the role root, which may do everything.")
  var root = false
  @Flag(help: "Sign for kube-apiserver, which may read and write all of Kubernetes.") var apiserver = false
  @Flag(help: "Sign for a user of calicoctl.") var person = false
  @OptionGroup var fileOption: FileOption
  @OptionGroup var passphraseOption: PassphraseOption

  func run() async throws {
    let workspace = try Workspace(fileOption)
    let request = try CertificateRequest(
      pem: FileContents.readText(StandardInput.path(request, as: "the request"), limit: 1 << 20),
      source: StandardInput.name(request))
    let meant = try workspace.identities(certificateName: identity)
    for identity in meant { try check(identity) }
    let holders = meant.flatMap(\.holders)
    guard let holder = holders.first(where: { node == nil || $0.node == node }) else {
      throw CommandError(
        "'\(identity)' has no certificate for the node '\(node ?? "")'",
        hint: "name one of the nodes of the file")
    }
    guard node != nil || holders.count == 1 else {
      throw CommandError(
        "'\(identity)' has a certificate for each node", hint: "name the node with --node")
    }
    let issuer = try workspace.issuer(passphraseOption, allowRoot: root)
    let certificate = try issuer.sign(request, for: holder, file: to == "-" ? nil : to)
    Console.note(cutOffBy: issuer)
    if let to, to != "-" {
      try AtomicFile.write(Array(certificate.utf8), to: to, mode: 0o644)
      Console.note("\(to): \(request.name), \(request.keyAlgorithm)")
    } else {
      Console.write(certificate, to: STDOUT_FILENO)
    }
  }

  /// Refuses an identity that needs a flag which was not given.
  private func check(_ identity: Identity) throws {
    let name = identity.certificateName
    switch identity.purpose {
    case .apiserver:
      guard apiserver else {
        throw CommandError(
          "'\(name)' is kube-apiserver, which may read and write all of Kubernetes",
          hint: "if kube-apiserver itself made this request, add --apiserver")
      }
    case .calicoctl:
      guard person else {
        throw CommandError(
          "'\(name)' is a user of calicoctl", hint: "if that person made this request, add --person")
      }
      fallthrough
    case .administrator, .coAdministrator, .component, .custom, .observed:
      guard root || !identity.isRoot else {
        throw CommandError(
          "'\(name)' has the role root, which may do everything in etcd",
          hint: "if you know who made this request and mean to sign it, add --root")
      }
    }
  }
}
