import Database
import Files
import FoundationEssentials

/// The revocation list on disk: `crl.der` (0644) beside the authority, for etcd's `--client-crl-file`.
extension Issuer {
  /// DER, because etcd 3.6 does not read PEM. Replaced by a rename, because a member with a missing or broken
  /// list refuses all clients.
  package static let revocationListFile = "crl.der"

  /// How long a certificate stays on the list after it expires, so that each list that was valid at that time
  /// contains it (RFC 5280, section 3.3).
  private static let grace: TimeInterval = 30 * 86_400

  /// Writes a new list of all certificates that are revoked in the ledger.
  /// - Parameters:
  ///   - directory: that of the authority.
  ///   - validity: the time until nextUpdate.
  /// - Returns: the path, the number of certificates on the list, and the list's number.
  /// - Throws: ``CertificatesError`` or `FileError`.
  package func writeRevocationList(
    in directory: String, validity: Duration
  ) throws -> (path: String, count: Int, number: Int) {
    guard let ledger else {
      throw CertificatesError("there is no ledger", hint: "issue a certificate first")
    }
    let now = Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded(.down))
    let path = "\(directory)/\(Self.revocationListFile)"
    let nextUpdate = now + Double(validity.components.seconds)
    // A number is reserved in the ledger before a list uses it. If another process has reserved a later one
    // meanwhile, this list must not replace that process's list, so it is made again with a still later
    // number.
    while true {
      let number = try ledger.takeListNumber(of: authority, thisUpdate: now, nextUpdate: nextUpdate)
      let count = try ledger.write { db -> Int? in
        guard try ledger.lastListNumber(db, of: authority) == number else { return nil }
        let revoked = try LedgerEntry.revoked(endingSince: now - Self.grace, in: db)
        let list = RevocationList(
          entries: revoked.compactMap(RevocationList.Entry.init), number: number, thisUpdate: now,
          nextUpdate: nextUpdate)
        try AtomicFile.write(try list.signed(by: authority), to: path, mode: 0o644)
        return revoked.count
      }
      if let count { return (path, count, number) }
    }
  }
}

extension Ledger {
  fileprivate func takeListNumber(
    of authority: Authority, thisUpdate: Date, nextUpdate: Date
  ) throws -> Int {
    try write { db in
      let number = (try lastListNumber(db, of: authority) ?? 0) + 1
      try db.run(
        "INSERT INTO revocationList (authority, number, thisUpdate, nextUpdate) VALUES (?, ?, ?, ?)",
        authority.facts.fingerprint, number, thisUpdate.secondsSince1970, nextUpdate.secondsSince1970)
      return number
    }
  }

  fileprivate func lastListNumber(_ db: borrowing Connection, of authority: Authority) throws -> Int? {
    // The maximum is NULL if no list exists.
    try db.value(
      "SELECT max(number) FROM revocationList WHERE authority = ?", authority.facts.fingerprint,
      as: Int?.self) ?? nil
  }

  /// The nextUpdate of the newest list; nil if no list was written.
  /// - Throws: ``CertificatesError``.
  package func nextUpdateOfList() throws -> Date? {
    try read { db in
      try db.value(
        "SELECT nextUpdate FROM revocationList ORDER BY thisUpdate DESC, number DESC LIMIT 1",
        as: Int64.self)
    }.map(Date.init(secondsSince1970:))
  }
}

extension RevocationList.Entry {
  fileprivate init?(_ entry: LedgerEntry) {
    guard let revokedAt = entry.revokedAt, let serial = bytes(hexadecimal: entry.serial) else { return nil }
    self.init(serial: serial, date: revokedAt, reason: entry.reason ?? .unspecified)
  }
}
