import ArgumentParser
import Certificates
import Files
import Foundation
import Reporting
import Segmentation

struct CertsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certs",
    abstract: "Make an authority, issue the identities' certificates, look at a certificate.",
    subcommands: [Issue.self, MakeAuthority.self, Import.self, Inspect.self])

  struct Issue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Issue a client certificate for each identity of the file that has no good one.",
      discussion: """
        The Common Name is the etcd user; clientAuth only, no alternative names. Certificates that are good are left \
        as they are. They are written beside the authority, in clients/USER.crt and clients/USER.key (mode 0600).

        kube-apiserver's certificate belongs to Kubernetes and is not issued.
        """)

    @Flag(help: "Issue the administrator's certificate too, CN=root. Whoever has it may do everything.")
    var root = false

    @OptionGroup var fileOption: FileOption
    @OptionGroup var outputOption: OutputOption

    func run() async throws {
      let workspace = try Workspace(fileOption)
      let now = Date()
      let authority = try Authority.load(workspace.authority, now: now)
      let users = (root ? [Role.root] : []) + workspace.segmentation.identities.filter(\.isIssued).map(\.user)
      let issued = try workspace.certificates.issueMissing(
        users, by: authority, lifetime: .seconds(workspace.file.certificates.lifetime.seconds), now: now,
        allowRoot: root)
      let report = try IssueReport(issued)
      switch outputOption.output {
      case .text: Console.out(report.text(Console.style))
      case .json: Console.out(try JSON.text(report))
      }
    }
  }

  struct MakeAuthority: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "authority",
      abstract: "Make a new authority for client certificates (P-256).",
      discussion: """
        Writes ca.crt and ca.key (mode 0600); an authority that is there is never overwritten. etcd accepts its \
        certificates once ca.crt is in the members' --trusted-ca-file.
        """)

    @Argument(help: "The folder, made if need be.")
    var directory = "pki"

    @Option(help: "The authority's Common Name.")
    var name = "bulkhead clients"

    @Option(help: "How long it is valid: 10y, 365d.")
    var lifetime = "10y"

    func run() async throws {
      guard let lifetime = Lifetime(lifetime) else {
        throw ValidationError("--lifetime takes a number and a unit: 10y, 365d, 12h")
      }
      let authority = try Authority.create(name: name, lifetime: .seconds(lifetime.seconds), now: Date())
      try authority.save(to: directory)
      Console.out(
        "\(directory)/ca.crt: \(authority.facts.subject), valid until \(authority.facts.notAfter.day)")
      Console.note("hint: add \(directory)/ca.crt to --trusted-ca-file of every etcd member")
    }
  }

  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import",
      abstract: "Take over an authority that exists: a CA certificate and its key in PEM.")

    @Option(help: "The CA's certificate.") var certificate: String
    @Option(help: "The CA's private key: PKCS#8, SEC1 or PKCS#1, without a passphrase.") var key: String
    @Argument(help: "The folder to write it to, made if need be.") var directory = "pki"

    func run() async throws {
      let authority = try Authority.importing(
        certificatePEM: FileContents.readText(certificate), keyPEM: FileContents.readText(key), now: Date(),
        source: certificate)
      try authority.save(to: directory)
      Console.out(
        "\(directory)/ca.crt: \(authority.facts.subject), valid until \(authority.facts.notAfter.day)")
    }
  }

  struct Inspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what a certificate is, and which etcd user it makes its holder.")

    @Argument(help: "A PEM file.") var file: String
    @OptionGroup var outputOption: OutputOption

    func run() async throws {
      let facts = try CertificateFacts(file: file)
      switch outputOption.output {
      case .text: Console.out(CertificateReport(facts).text(Console.style))
      case .json: Console.out(try JSON.text(facts))
      }
    }
  }
}
