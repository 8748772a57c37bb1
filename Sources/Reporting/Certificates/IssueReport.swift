import Certificates
import FoundationEssentials

/// The certificates that were issued.
package struct IssueReport: TextReport, Sendable {
  struct Line: Encodable, Sendable {
    let user: String
    let action: String
    let certificate: String
    /// The end of the certificate in the file; nil without one.
    let notAfter: Date?
  }
  let certificates: [Line]

  package init(_ issued: [CredentialDirectory.Issuance]) throws {
    certificates = try issued.map { issuance in
      let action =
        switch issuance.action {
        case .issued: "issued"
        case .kept: "kept"
        case .renewed: "renewed"
        case .replaced(let fault): "replaced: \(fault)"
        case .blocked(let block): "not issued: blocked since \(block.since.day)"
        }
      return Line(
        user: issuance.user, action: action, certificate: issuance.certificatePath,
        notAfter: issuance.block == nil
          ? try CertificateFacts(file: issuance.certificatePath).notAfter
          : (try? CertificateFacts(file: issuance.certificatePath))?.notAfter)
    }
  }

  package func text(_ style: Style) -> String {
    Table(
      certificates.map { line in
        [
          Table.Cell(line.user, style.strong), Table.Cell(line.action),
          Table.Cell(line.notAfter.map { "until \($0.day)" } ?? ""),
          Table.Cell(line.certificate, style.faint),
        ]
      }, indent: 0
    ).lines.joined(separator: "\n")
  }
}
