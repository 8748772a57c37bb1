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
      What it may do is told where there is a segmentation file. Exit code 2 if it needs attention: it has ended, is \
      due for renewal or revoked, or programs differ about whose it is.
      """)

  @Argument(help: "A PEM file.") var certificate: String
  @OptionGroup var fileOption: FileOption
  @OptionGroup var outputOption: OutputOption

  func run() async throws {
    let facts = try CertificateFacts(file: certificate)
    let workspace =
      try FileContents.readIfPresent(fileOption.file) == nil ? nil : try Workspace(fileOption)
    let report = CertificateReport(
      facts, segmentation: workspace?.segmentation,
      entry: try workspace?.ledgerIfPresent()?.entry(of: facts), now: Date())
    try Console.out(report, outputOption)
    if report.needsAttention { throw ExitCode(2) }
  }
}
