import Arguments
import Certificates
import Files
import FoundationEssentials
import Reporting
import Terminal

struct CertsInspect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a certificate is, its etcd user, what that user may do, and when it expires.",
    discussion: """
      What it may do is told where there is a segmentation file.
      """)

  @Argument(help: "A PEM file; '-' reads standard input.") var certificate: String
  @Option(name: .customLong("for"), help: "Whether it can stay in use as the certificate of this identity.")
  var identity: String?
  @OptionGroup var fileOption: FileOption
  @OptionGroup var outputOption: OutputOption

  func run() async throws {
    let text = try FileContents.readText(
      StandardInput.path(certificate, as: "the certificate"), limit: 1 << 20)
    let source = StandardInput.name(certificate)
    let facts = try CertificateFacts(pem: text, source: source)
    let workspace =
      try fileOption.file != "-" && FileContents.readIfPresent(fileOption.file) == nil
      ? nil : try Workspace(fileOption)
    let now = Date()
    var use: CertificateReport.Use?
    if let identity {
      let workspace = try workspace ?? Workspace(fileOption)
      _ = try workspace.identities(certificateName: identity)
      use = CertificateReport.Use(
        identity: identity,
        fault: try CertificateFacts.fault(
          of: text, source: source, as: identity, signedBy: "\(workspace.authority)/ca.crt", now: now))
    }
    let report = CertificateReport(
      facts, segmentation: workspace?.segmentation,
      entry: try workspace?.ledgerIfPresent()?.entry(of: facts), use: use, now: now)
    try Console.out(report, outputOption)
    if report.needsAttention { throw ExitCode(2) }
  }
}
