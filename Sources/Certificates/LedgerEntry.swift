import Foundation
import GRDB

/// A certificate that was issued, as the ledger knows it.
public struct LedgerEntry: Codable, Hashable, Sendable {
  /// What a certificate is for.
  public enum Purpose: String, Codable, Sendable {
    case client, server, peer
    /// A client's that belongs to no user, to see whether a server trusts the authority.
    case probe
  }

  /// Lower-case hexadecimal.
  public let serial: String
  /// The fingerprint of the authority's certificate (SHA-256).
  public let authority: String
  public let purpose: Purpose
  /// The Common Name; for clients the etcd user.
  public let identity: String
  public let component: String?
  public let node: String?
  /// SHA-256 of the certificate.
  public let fingerprint: String
  public let notBefore: Date
  public let notAfter: Date
  /// Where the certificate was written, an absolute path; nil where it was given away otherwise.
  public let file: String?
  public var revokedAt: Date?
  public var reason: RevocationReason?

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
  public static let databaseTableName = "certificate"

  public static func databaseDateEncodingStrategy(for column: String) -> DatabaseDateEncodingStrategy {
    .secondsSince1970
  }

  public static func databaseDateDecodingStrategy(for column: String) -> DatabaseDateDecodingStrategy {
    .timeIntervalSince1970
  }
}
