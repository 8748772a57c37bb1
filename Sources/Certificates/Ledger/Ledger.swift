import Database
import Files
import FoundationEssentials

/// The record of every certificate that was issued: `ledger.sqlite` (0600) beside the authority.
///
/// A certificate is recorded, durably, before anyone can use it. So whatever ends the program, no certificate
/// is abroad that the ledger does not know; at most it knows one that was never delivered.
package struct Ledger: Sendable {
  package static let fileName = "ledger.sqlite"
  /// How long a process waits for another one's writing: 20 seconds.
  static let patience: Duration = .seconds(20)

  package let path: String
  let database: DatabaseFile

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
        // A record must outlast a power cut as the certificate's file does.
        let database = try DatabaseFile(path: path, patience: Self.patience, durability: .full)
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
  package var isReadable: Bool { (try? read { try $0.value("SELECT 1", as: Int.self) }) != nil }

  /// Records certificates, all or none. Do it before their files can be used.
  /// - Throws: ``CertificatesError``, among other things where a serial is recorded already.
  package func record(_ entries: [LedgerEntry]) throws {
    try write { db in for entry in entries { try entry.insert(db) } }
  }

  /// All entries in the order of issuing.
  /// - Throws: ``CertificatesError``.
  package func entries() throws -> [LedgerEntry] {
    try read { try LedgerEntry.all(in: $0) }
  }

  /// Marks certificates as revoked. One that is revoked already keeps its date and reason.
  /// - Returns: how many were not revoked before.
  /// - Throws: ``CertificatesError``.
  @discardableResult
  package func revoke(serials: [String], at moment: Date, because reason: RevocationReason) throws -> Int {
    try write { db in
      try serials.reduce(0) { count, serial in
        count
          + (try db.run(
            "UPDATE certificate SET revokedAt = ?, reason = ? WHERE serial = ? AND revokedAt IS NULL",
            moment.secondsSince1970, reason.rawValue, serial))
      }
    }
  }

  func read<Value>(_ body: (Connection) throws -> Value) throws -> Value {
    try Self.explaining(path) { try database.read(body) }
  }

  /// One transaction that has the write lock from its beginning, so what it reads stays true while it writes.
  func write<Value>(_ body: (Connection) throws -> Value) throws -> Value {
    try Self.explaining(path) { try database.write(body) }
  }

  /// As ``write(_:)``, without holding up the thread that asks.
  func writeAside<Value: Sendable>(
    _ body: @escaping @Sendable (Connection) throws -> Value
  ) async throws -> Value {
    do {
      return try await database.writeAside(body)
    } catch let error as DatabaseError {
      throw CertificatesError(error, ledger: path)
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

// Moments are stored as whole seconds.
extension Date {
  var secondsSince1970: Int64 { Int64(timeIntervalSince1970.rounded(.down)) }

  init(secondsSince1970 seconds: Int64) { self.init(timeIntervalSince1970: Double(seconds)) }
}
