import Certificates
import Foundation

/// What was issued.
public struct IssueReport: Encodable, Sendable {
  struct Line: Encodable, Sendable {
    let user: String
    let action: String
    let certificate: String
    let notAfter: Date
  }
  let certificates: [Line]

  public init(_ issued: [CredentialDirectory.Issuance]) throws {
    certificates = try issued.map { issuance in
      let action =
        switch issuance.action {
        case .issued: "issued"
        case .kept: "kept"
        case .replaced(let fault): "replaced: \(fault)"
        }
      return Line(
        user: issuance.user, action: action, certificate: issuance.certificatePath,
        notAfter: try CertificateFacts(file: issuance.certificatePath).notAfter)
    }
  }

  public func text(_ style: Style) -> String {
    Table(
      certificates.map { line in
        [
          Table.Cell(line.user, style.strong), Table.Cell(line.action),
          Table.Cell("until \(line.notAfter.day)"),
          Table.Cell(line.certificate, style.faint),
        ]
      }, indent: 0
    ).lines.joined(separator: "\n")
  }
}

/// One certificate in words.
public struct CertificateReport: Sendable {
  let facts: CertificateFacts

  public init(_ facts: CertificateFacts) { self.facts = facts }

  public func text(_ style: Style) -> String {
    let user =
      facts.isAuthority
      ? "none: this is an authority"
      : facts.user.map { $0.isEmpty ? "none: the Common Name is empty" : $0 }
        ?? "none: there is no Common Name"
    let rows: [(String, String)] = [
      ("etcd user", user), ("subject", facts.subject), ("issuer", facts.issuer), ("serial", facts.serial),
      ("valid", "\(facts.notBefore.day) to \(facts.notAfter.day)"),
      ("use", facts.extendedKeyUsages.map { $0.joined(separator: ", ") } ?? "any"),
      (
        "other names",
        facts.alternativeNames.isEmpty ? "none" : facts.alternativeNames.joined(separator: ", ")
      ),
      ("key", facts.keyAlgorithm), ("SHA-256", facts.fingerprint),
    ]
    return Table(rows.map { [Table.Cell($0.0, style.faint), Table.Cell($0.1)] }, indent: 0).lines.joined(
      separator: "\n")
  }
}

extension Date {
  /// `2026-11-24`, in UTC.
  public var day: String { formatted(.iso8601.year().month().day()) }
}
