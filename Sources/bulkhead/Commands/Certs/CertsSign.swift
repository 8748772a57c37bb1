import Arguments
import Certificates
import Files
import FoundationEssentials
import Glibc
import Reporting
import Segmentation

struct CertsSign: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Sign a certificate request, so that the key stays where it was made.",
    discussion: """
      The request's own signature must be good and its Common Name an identity of the file. Nothing else is taken \
      from it: no extension, no other name.

        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=calico-node \\
          -keyout calico-node.key -out calico-node.csr
        bulkhead certs sign calico-node.csr --to calico-node.crt
      """)

  @Argument(help: "The request, in PEM.") var request: String
  @Option(help: "Write the certificate to this file instead of standard output.") var to: String?
  @Option(help: "Of an identity with a certificate for each node: whose this is.") var node: String?
  @Flag(help: "Sign it though it is for root, who may do everything.") var root = false
  @OptionGroup var fileOption: FileOption
  @OptionGroup var passphraseOption: PassphraseOption

  func run() async throws {
    let workspace = try Workspace(fileOption)
    let request = try CertificateRequest(file: request)
    let holders = try workspace.holders(commonName: request.commonName)
    guard let holder = holders.first(where: { node == nil || $0.node == node }),
      node != nil || holders.count == 1
    else {
      throw Complaint(
        "'\(request.commonName)' has a certificate for each node",
        hint: "say for which of the file's with --node")
    }
    let certificate = try workspace.issuer(passphraseOption, allowRoot: root).sign(
      request, for: holder, file: to)
    if let to {
      try AtomicFile.write(Array(certificate.utf8), to: to, mode: 0o644)
      Console.note("\(to): \(request.commonName), \(request.keyAlgorithm)")
    } else {
      Console.write(certificate, to: STDOUT_FILENO)
    }
  }
}
