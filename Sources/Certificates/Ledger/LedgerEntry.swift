import Database
import FoundationEssentials

/// An issued certificate, as recorded in the ledger.
package struct LedgerEntry: Codable, Hashable, Sendable {
  /// The purpose of a certificate.
  package enum Purpose: String, Codable, Sendable {
    case client, server, peer
    /// A client certificate that belongs to no user, to test whether a server trusts the authority.
    case probe
  }

  /// Lower-case hexadecimal.
  package let serial: String
  /// The fingerprint of the authority's certificate (SHA-256).
  package let authority: String
  package let purpose: Purpose
  /// The name of the certificate (`CertificateName`): the Common Name, for a client also the etcd user; the
  /// organizational unit in a certificate without a Common Name.
  package let identity: String
  package let component: String?
  package let node: String?
  /// SHA-256 of the certificate.
  package let fingerprint: String
  package let notBefore: Date
  package let notAfter: Date
  /// The absolute path of the certificate's file; nil if it was not written to a file.
  package let file: String?
  package var revokedAt: Date?
  package var reason: RevocationReason?
  /// The serial of the certificate with which this one was requested, if it is a renewal at an authority
  /// server.
  package var renewedFrom: String?
  /// The UID of the pod whose service-account token proved the request.
  package var podUID: String?
  /// SHA-256 of its SubjectPublicKeyInfo; nil in entries of earlier releases.
  package let publicKey: String?

  init(
    _ facts: CertificateFacts, by authority: Authority, for holder: CertificateHolder, file: String?,
    renewedFrom: String? = nil, podUID: String? = nil
  ) {
    self.init(
      facts, by: authority.facts.fingerprint, for: holder, file: file, renewedFrom: renewedFrom,
      podUID: podUID)
  }

  /// - Parameter authority: the fingerprint of the authority's certificate.
  init(
    _ facts: CertificateFacts, by authority: String, for holder: CertificateHolder, file: String?,
    renewedFrom: String? = nil, podUID: String? = nil
  ) {
    self.renewedFrom = renewedFrom
    self.podUID = podUID
    self.publicKey = facts.publicKeyFingerprint
    self.serial = facts.serial
    self.authority = authority
    self.purpose = holder.purpose
    self.identity = holder.name
    self.component = holder.component
    self.node = holder.node
    self.fingerprint = facts.fingerprint
    self.notBefore = facts.notBefore
    self.notAfter = facts.notAfter
    self.file = file
  }
}

extension LedgerEntry {
  /// All entries in the order in which they were issued.
  static func all(in db: borrowing Connection) throws -> [Self] {
    try db.rows("SELECT * FROM certificate ORDER BY id") { try Self($0) }
  }

  static func withFingerprint(_ fingerprint: String, in db: borrowing Connection) throws -> Self? {
    try db.first("SELECT * FROM certificate WHERE fingerprint = ?", fingerprint) { try Self($0) }
  }

  static func withSerial(_ serial: String, in db: borrowing Connection) throws -> Self? {
    try db.first("SELECT * FROM certificate WHERE serial = ?", serial) { try Self($0) }
  }

  static func of(identity: String, in db: borrowing Connection) throws -> [Self] {
    try db.rows("SELECT * FROM certificate WHERE identity = ? ORDER BY id", identity) { try Self($0) }
  }

  static func renewed(from serial: String, in db: borrowing Connection) throws -> [Self] {
    try db.rows("SELECT * FROM certificate WHERE renewedFrom = ? ORDER BY id", serial) { try Self($0) }
  }

  /// The revoked entries that end at this time or later, in the order of revocation.
  static func revoked(endingSince moment: Date, in db: borrowing Connection) throws -> [Self] {
    try db.rows(
      """
      SELECT * FROM certificate WHERE revokedAt IS NOT NULL AND notAfter >= ? ORDER BY revokedAt, id
      """, moment.secondsSince1970
    ) { try Self($0) }
  }

  func insert(_ db: borrowing Connection) throws {
    try db.run(
      """
      INSERT INTO certificate (serial, authority, purpose, identity, component, node, fingerprint, notBefore,
        notAfter, file, revokedAt, reason, renewedFrom, podUID, publicKey)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      serial, authority, purpose.rawValue, identity, component, node, fingerprint,
      notBefore.secondsSince1970, notAfter.secondsSince1970, file, revokedAt?.secondsSince1970,
      reason?.rawValue, renewedFrom, podUID, publicKey)
  }

  /// Reads a row of `certificate`, whose columns have the order of ``LedgerSchema``.
  private init(_ row: borrowing Row) throws {
    serial = try row[1]
    authority = try row[2]
    purpose = try Self.word(row[3])
    identity = try row[4]
    component = try row[5]
    node = try row[6]
    fingerprint = try row[7]
    notBefore = Date(secondsSince1970: try row[8])
    notAfter = Date(secondsSince1970: try row[9])
    file = try row[10]
    revokedAt = (try row[11] as Int64?).map(Date.init(secondsSince1970:))
    reason = try (row[12] as String?).map { try Self.word($0) }
    renewedFrom = try row[13]
    podUID = try row[14]
    publicKey = try row[15]
  }

  private static func word<Word: RawRepresentable<String>>(_ text: String) throws -> Word {
    guard let word = Word(rawValue: text) else {
      throw CertificatesError(
        "the ledger has an entry with \"\(text)\", which this release does not know",
        hint: "use the release that wrote it, or a later one")
    }
    return word
  }
}
