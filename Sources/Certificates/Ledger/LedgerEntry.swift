import Foundation
import GRDB

/// A certificate that was issued, as the ledger knows it.
package struct LedgerEntry: Codable, Hashable, Sendable {
  /// What a certificate is for.
  package enum Purpose: String, Codable, Sendable {
    case client, server, peer
    /// A client's that belongs to no user, to see whether a server trusts the authority.
    case probe
  }

  /// Lower-case hexadecimal.
  package let serial: String
  /// The fingerprint of the authority's certificate (SHA-256).
  package let authority: String
  package let purpose: Purpose
  /// The Common Name; for clients the etcd user.
  package let identity: String
  package let component: String?
  package let node: String?
  /// SHA-256 of the certificate.
  package let fingerprint: String
  package let notBefore: Date
  package let notAfter: Date
  /// Where the certificate was written, an absolute path; nil where it was given away otherwise.
  package let file: String?
  package var revokedAt: Date?
  package var reason: RevocationReason?

  init(_ facts: CertificateFacts, by authority: Authority, for holder: CertificateHolder, file: String?) {
    self.serial = facts.serial
    self.authority = authority.facts.fingerprint
    self.purpose = holder.purpose
    self.identity = holder.commonName
    self.component = holder.component
    self.node = holder.node
    self.fingerprint = facts.fingerprint
    self.notBefore = facts.notBefore
    self.notAfter = facts.notAfter
    self.file = file
  }
}

extension LedgerEntry: FetchableRecord, PersistableRecord {
  package static let databaseTableName = "certificate"

  package static func databaseDateEncodingStrategy(for column: String) -> DatabaseDateEncodingStrategy {
    .secondsSince1970
  }

  package static func databaseDateDecodingStrategy(for column: String) -> DatabaseDateDecodingStrategy {
    .timeIntervalSince1970
  }
}
