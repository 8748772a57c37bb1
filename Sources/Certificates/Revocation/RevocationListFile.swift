import Cryptography
import Database
import Files
import FoundationEssentials
import Glibc
import Synchronization
import Text

/// The revocation list on disk: `crl.der` (0644) beside the authority, for etcd's `--client-crl-file`.
extension Issuer {
  /// DER, because etcd 3.6 does not read PEM. Replaced by a rename, because a member with a missing or broken
  /// list refuses all clients.
  package static let revocationListFile = "crl.der"

  /// From this number of entries on, the list slows down the TLS handshakes of etcd noticeably: it reads the
  /// whole list at each (measured: 0.03 s with 1,000 entries, 0.35 s with 100,000).
  package static let manyEntries = 10_000

  /// Writes a new list of all certificates that are revoked in the ledger and have not ended.
  ///
  /// If the list in the directory has a higher number than the ledger knows, an old copy of the ledger was put
  /// back. Then the entries of that list are taken into the ledger, and the numbers go on after its number.
  /// - Parameters:
  ///   - directory: that of the authority.
  ///   - validity: the time until nextUpdate.
  /// - Throws: ``CertificatesError`` or `FileError`.
  package func writeRevocationList(in directory: String, validity: Duration) throws -> WrittenList {
    guard let ledger else {
      throw CertificatesError("there is no ledger", hint: "issue a certificate first")
    }
    let now = Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded(.down))
    let path = "\(directory)/\(Self.revocationListFile)"
    let nextUpdate = now + Double(validity.components.seconds)
    let last = try listOnDisk(in: directory)
    var adopted: AdoptedEntries?
    // A number is reserved in the ledger before a list uses it, together with the entries that the list gets.
    // The list is made outside of the transaction, because that takes seconds for a long one. If another
    // process has reserved a later number meanwhile, this list must not replace that process's list, so it is
    // made again with a still later number.
    while true {
      let list = try ledger.write { db in
        if let last, try ledger.lastListNumber(db, of: authority) ?? 0 < last.number {
          adopted = try last.adopt(in: db, until: authority.facts.notAfter, by: authority)
        }
        return try reserveList(thisUpdate: now, nextUpdate: nextUpdate, in: db, of: ledger)
      }
      let bytes = try list.signed(by: authority)
      let isWritten = try ledger.write { db in
        guard try ledger.lastListNumber(db, of: authority) == list.number else { return false }
        try AtomicFile.write(bytes, to: path, mode: 0o644)
        return true
      }
      if isWritten {
        return WrittenList(
          path: path, count: list.entries.count, number: list.number, keptAfterRestore: adopted?.count,
          blockedAfterRestore: adopted?.blocked ?? [])
      }
    }
  }

  /// Refuses to issue while the list beside the ledger is newer than the ledger, because an old copy of the
  /// ledger was put back: what was revoked since that copy would get new certificates.
  /// - Returns: the serials on that list; empty if there is no list that this authority has signed.
  /// - Throws: ``CertificatesError`` or `FileError`.
  @discardableResult
  package func checkLedgerIsCurrent() throws -> Set<String> {
    // The list is read before the ledger: a process that writes a list reserves its number in the ledger first.
    guard let ledger, let list = try listOnDisk(in: ledger.directory) else { return [] }
    guard try ledger.read({ try ledger.lastListNumber($0, of: authority) ?? 0 }) >= list.number else {
      throw CertificatesError(
        "\(ledger.path) is older than the revocation list \(list.number) beside it, as after an old copy was put "
          + "back: it lacks revocations, so nothing is issued",
        hint: "'bulkhead certs crl' takes the entries of that list into the ledger; then issue again")
    }
    return list.serials
  }

  /// The serials on the list in the directory; nil if it has none that this authority has signed.
  func listedSerials(in directory: String) throws -> Set<String>? {
    try listOnDisk(in: directory)?.serials
  }

  /// The list in the directory; nil if it has none that this authority has signed.
  private func listOnDisk(in directory: String) throws -> ListOnDisk? {
    let path = "\(directory)/\(Self.revocationListFile)"
    guard let ledger else { return try readList(path) }
    return try ledger.readList.value(of: path, for: authority.facts.fingerprint) { try readList(path) }
  }

  private func readList(_ path: String) throws -> ListOnDisk? {
    guard let bytes = try FileContents.readRegularIfPresent(path, limit: 1 << 28),
      let list = try? Cryptography.RevocationList(der: bytes), let key = try? authority.certificate.publicKey,
      list.isSigned(by: key), let number = list.number.flatMap(Int.init(bigEndian:))
    else { return nil }
    return ListOnDisk(number: number, entries: list.entries)
  }

  /// Takes the next number and reads the entries of the list that gets it.
  private func reserveList(
    thisUpdate: Date, nextUpdate: Date, in db: borrowing Connection, of ledger: Ledger
  ) throws -> RevocationList {
    let number = (try ledger.lastListNumber(db, of: authority) ?? 0) + 1
    let since = try ledger.firstEndOnList(db, of: authority, now: thisUpdate)
    try db.run(
      "INSERT INTO revocationList (authority, number, thisUpdate, nextUpdate) VALUES (?, ?, ?, ?)",
      authority.facts.fingerprint, number, thisUpdate.secondsSince1970, nextUpdate.secondsSince1970)
    let revoked = try LedgerEntry.revoked(endingSince: since, in: db).compactMap(RevocationList.Entry.init)
    let listedOnly = try db.rows(
      "SELECT serial, revokedAt, reason FROM listedOnly WHERE until >= ? ORDER BY revokedAt, serial",
      since.secondsSince1970
    ) { try RevocationList.Entry(listedOnly: $0) }
    return RevocationList(
      entries: revoked + listedOnly.compactMap { $0 }, number: number, thisUpdate: thisUpdate,
      nextUpdate: nextUpdate)
  }
}

/// A revocation list that was written.
package struct WrittenList: Hashable, Sendable {
  package let path: String
  /// How many certificates are on it.
  package let count: Int
  package let number: Int
  /// How many entries of the list before were not in the ledger as revoked and were taken over, because an old
  /// copy of the ledger was put back; nil if the ledger was not older than the list.
  package let keptAfterRestore: Int?
  /// The identities that were blocked, because such an entry is of one of their certificates.
  package let blockedAfterRestore: [BlockedIdentity]
}

/// The entries of a list that were taken into the ledger.
private struct AdoptedEntries {
  /// How many of them were not revoked in the ledger.
  var count = 0
  /// The identities that were blocked.
  var blocked: [BlockedIdentity] = []
}

/// The list on disk as it was read last, because a server compares it with the ledger for each order.
final class ReadList: Sendable {
  private struct Held {
    let path: String
    let authority: String
    let file: FileStamp
    let list: ListOnDisk?
  }

  private let held = Mutex<Held?>(nil)

  /// - Parameters:
  ///   - authority: the fingerprint of the authority that must have signed it.
  ///   - read: reads the file; called if the file was replaced.
  /// - Returns: nil if there is no file, or if `read` returns nil.
  fileprivate func value(
    of path: String, for authority: String, _ read: () throws -> ListOnDisk?
  ) throws -> ListOnDisk? {
    guard let file = FileStamp(path) else { return try read() }
    let known = held.withLock { $0 }
    if let known, known.path == path, known.authority == authority, known.file == file { return known.list }
    let list = try read()
    held.withLock { $0 = Held(path: path, authority: authority, file: file, list: list) }
    return list
  }
}

/// What changes when a file is replaced or written.
private struct FileStamp: Hashable {
  private let numbers: [Int]

  /// - Returns: nil if the file cannot be looked at.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    numbers = [
      Int(truncatingIfNeeded: status.st_dev), Int(truncatingIfNeeded: status.st_ino), Int(status.st_size),
      status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
    ]
  }
}

/// The entries and the number of a list that this authority has signed.
private struct ListOnDisk: Sendable {
  let number: Int
  let entries: [Cryptography.RevocationList.Entry]
  let serials: Set<String>

  init(number: Int, entries: [Cryptography.RevocationList.Entry]) {
    self.number = number
    self.entries = entries
    serials = Set(entries.map(\.serial.hexadecimal))
  }

  /// Enters into the ledger that the certificates on this list are revoked, and that its number is used. The
  /// identities of certificates that were not revoked in the ledger are blocked: the blocks that came with the
  /// revocations are not in the ledger either. A certificate that a newer one superseded blocks nothing.
  /// - Parameter until: how long a serial stays on the lists if the ledger does not know its certificate.
  func adopt(in db: borrowing Connection, until: Date, by authority: Authority) throws -> AdoptedEntries {
    var adopted = AdoptedEntries()
    for entry in entries {
      let serial = entry.serial.hexadecimal
      let cause = RevocationReason(code: entry.reason)
      let reason = cause.rawValue
      let changed = try db.run(
        "UPDATE certificate SET revokedAt = ?, reason = ? WHERE serial = ? AND revokedAt IS NULL",
        entry.date, reason, serial)
      adopted.count += changed
      if let known = try LedgerEntry.withSerial(serial, in: db) {
        guard changed > 0, known.purpose == .client, cause != .superseded else { continue }
        let block = BlockedIdentity(
          identity: known.identity, node: known.node,
          since: Date(secondsSince1970: Int64(entry.date)), reason: reason)
        try block.insert(db)
        adopted.blocked.append(block)
        continue
      }
      adopted.count += try db.run(
        "INSERT OR IGNORE INTO listedOnly (serial, revokedAt, reason, until) VALUES (?, ?, ?, ?)", serial,
        entry.date, reason, until.secondsSince1970)
    }
    try db.run(
      "INSERT OR IGNORE INTO revocationList (authority, number, thisUpdate, nextUpdate) VALUES (?, ?, 0, 0)",
      authority.facts.fingerprint, number)
    return adopted
  }
}

extension Ledger {
  /// A certificate that ended before this time is not on a new list. Each certificate is on at least one list
  /// that was made after its end (RFC 5280, section 3.3), and for an hour in any case, because clocks differ.
  fileprivate func firstEndOnList(
    _ db: borrowing Connection, of authority: Authority, now: Date
  ) throws -> Date {
    let last: Int64? =
      try db.value(
        "SELECT max(thisUpdate) FROM revocationList WHERE authority = ?", authority.facts.fingerprint,
        as: Int64?.self) ?? nil
    return min(now, last.map(Date.init(secondsSince1970:)) ?? now) - 3_600
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
    guard let revokedAt = entry.revokedAt, let serial = [UInt8](hexadecimal: entry.serial) else { return nil }
    self.init(serial: serial, date: revokedAt, reason: entry.reason ?? .unspecified)
  }

  /// - Parameter row: the columns serial, revokedAt, reason of `listedOnly`.
  fileprivate init?(listedOnly row: borrowing Row) throws {
    guard let serial = [UInt8](hexadecimal: try row[0] as String) else { return nil }
    self.init(
      serial: serial, date: Date(secondsSince1970: try row[1]),
      reason: RevocationReason(rawValue: try row[2]) ?? .unspecified)
  }
}

extension Int {
  /// - Returns: nil if the number is larger than `Int.max`.
  fileprivate init?(bigEndian bytes: [UInt8]) {
    guard bytes.count <= 7 else { return nil }
    self = bytes.reduce(0) { $0 << 8 | Int($1) }
  }
}
