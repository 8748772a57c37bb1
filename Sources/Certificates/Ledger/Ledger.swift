import Files
import Foundation
import GRDB

/// The record of every certificate that was issued: `ledger.sqlite` (0600) beside the authority.
///
/// A certificate is recorded, durably, before anyone can use it. So whatever ends the program, no certificate
/// is abroad that the ledger does not know; at most it knows one that was never delivered.
package struct Ledger: Sendable {
  package static let fileName = "ledger.sqlite"
  /// How long a process waits for another one's writing: 20 seconds.
  static let patience: TimeInterval = 20

  package let path: String
  let database: DatabaseQueue

  /// Opens the ledger of an authority's directory and makes it where there is none. Several processes may do
  /// so at once.
  /// - Throws: `FileError`, or ``CertificatesError`` where the file is damaged or of a later release.
  package init(in directory: String) throws {
    let path = "\(directory)/\(Self.fileName)"
    self.path = path
    self.database = try Self.explaining(path) {
      // SQLite gives the files beside it, which hold the same, the mode of this one.
      do {
        try AtomicFile.create([NewFile(name: Self.fileName, bytes: [], mode: 0o600)], in: directory)
      } catch let error as FileError where error.kind == .exists {}
      // One at a time: changing the journal's mode does not wait for others, it fails.
      return try Directory.withLock(directory) {
        let database = try DatabaseQueue(path: path, configuration: Self.configuration)
        // A record must outlast a power cut as the certificate's file does.
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        try LedgerSchema.migrate(database)
        return database
      }
    }
  }

  /// Whether a directory has a ledger.
  package static func exists(in directory: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(directory)/\(fileName)")
  }

  /// Whether it can be read at this moment.
  package var isReadable: Bool { (try? read { try Int.fetchOne($0, sql: "SELECT 1") }) != nil }

  private static var configuration: Configuration {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(patience)
    return configuration
  }

  /// Records certificates, all or none. Do it before their files can be used.
  /// - Throws: ``CertificatesError``, among other things where a serial is recorded already.
  package func record(_ entries: [LedgerEntry]) throws {
    try write { db in for entry in entries { try entry.insert(db) } }
  }

  /// All entries in the order of issuing.
  /// - Throws: ``CertificatesError``.
  package func entries() throws -> [LedgerEntry] {
    try read { try LedgerEntry.order(Column("id")).fetchAll($0) }
  }

  /// Marks certificates as revoked. One that is revoked already keeps its date and reason.
  /// - Returns: how many were not revoked before.
  /// - Throws: ``CertificatesError``.
  @discardableResult
  package func revoke(serials: [String], at moment: Date, because reason: RevocationReason) throws -> Int {
    try write { db in
      try serials.reduce(0) { count, serial in
        try db.execute(
          sql: "UPDATE certificate SET revokedAt = ?, reason = ? WHERE serial = ? AND revokedAt IS NULL",
          arguments: [Int64(moment.timeIntervalSince1970), reason.rawValue, serial])
        return count + db.changesCount
      }
    }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try Self.explaining(path) { try database.read(body) }
  }

  /// One transaction that has the write lock from its beginning, so what it reads stays true while it writes.
  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try Self.explaining(path) {
      try database.writeWithoutTransaction { try Self.transact($0, body) }
    }
  }

  private static func transact<Value>(
    _ db: Database, _ body: (Database) throws -> Value
  ) throws -> Value {
    var value: Value?
    try db.inTransaction(.immediate) {
      value = try body(db)
      return .commit
    }
    guard let value else {
      throw CertificatesError("the ledger was not written", hint: "run the same command again")
    }
    return value
  }

  /// As ``write(_:)``, without holding up the thread that asks.
  func writeAside<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      database.asyncWriteWithoutTransaction { db in
        continuation.resume(with: Result { try Self.explaining(path) { try Self.transact(db, body) } })
      }
    }
  }

  private static func explaining<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw CertificatesError(error, ledger: path)
    }
  }
}
