import Database
import Files
import FoundationEssentials

/// The record of each certificate issued: `ledger.sqlite` (0600) beside the authority.
///
/// A certificate is recorded durably before it can be used. So after a crash each certificate that was handed
/// out is in the ledger; the ledger may also have one that was never delivered.
package struct Ledger: Sendable {
  package static let fileName = "ledger.sqlite"
  /// How long a process waits while another one writes: 20 seconds.
  static let patience: Duration = .seconds(20)

  package let path: String
  /// The folder of the authority.
  let directory: String
  let database: DatabaseFile
  let readList = ReadList()

  /// Opens the ledger in an authority's directory and creates it if needed. Several processes may do so at
  /// once.
  /// - Throws: `FileError`, also if other users may replace what is in the folder, or ``CertificatesError`` if
  ///   the file is damaged or of a later release.
  package init(in directory: String) throws {
    try Authority.checkFolder(directory)
    let path = "\(directory)/\(Self.fileName)"
    self.path = path
    self.directory = directory
    self.database = try Self.explaining(path) {
      // SQLite creates its other files, which contain the same data, with the mode of this one.
      do {
        try AtomicFile.create([NewFile(name: Self.fileName, bytes: [], mode: 0o600)], in: directory)
      } catch let error as FileError where error.kind == .exists {
        try Self.restrict(path)
      }
      // One process at a time: a change of the journal mode fails instead of waiting for others.
      return try Directory.withLock(directory) {
        // A record must survive a power failure, as the certificate's file does.
        let database = try DatabaseFile(path: path, patience: Self.patience, durability: .full)
        try LedgerSchema.migrate(database)
        return database
      }
    }
  }

  /// Takes the rights of others to read a ledger that was copied back, and refuses one that they may write.
  private static func restrict(_ path: String) throws {
    let mode = try FileContents.mode(of: path)
    guard mode & 0o022 == 0 else {
      throw CertificatesError(
        "other users may write to \(path)",
        hint: "compare it with a copy of yours: they may have removed revocations; then chmod 600 it")
    }
    if mode & 0o044 != 0 { try FileContents.setMode(0o600, of: path) }
  }

  /// Whether a directory has a ledger.
  package static func exists(in directory: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(directory)/\(fileName)")
  }

  /// Whether it can be read now.
  package var isReadable: Bool { (try? read { try $0.value("SELECT 1", as: Int.self) }) != nil }

  /// Records certificates, all or none. Call it before their files can be used.
  /// - Throws: ``CertificatesError``, for example if a serial is already recorded.
  package func record(_ entries: [LedgerEntry]) throws {
    try write { db in for entry in entries { try entry.insert(db) } }
  }

  /// All entries in the order in which they were issued.
  /// - Throws: ``CertificatesError``.
  package func entries() throws -> [LedgerEntry] {
    try read { try LedgerEntry.all(in: $0) }
  }

  /// Marks certificates as revoked. One that is already revoked keeps its date and reason.
  /// - Returns: how many of them were not revoked before.
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

  func read<Value>(_ body: (borrowing Connection) throws -> Value) throws -> Value {
    try Self.explaining(path) { try database.read(body) }
  }

  /// Runs a transaction that takes the write lock at its start, so that what it reads stays valid while it
  /// writes.
  @discardableResult
  func write<Value>(_ body: (borrowing Connection) throws -> Value) throws -> Value {
    try Self.explaining(path) { try database.write(body) }
  }

  /// Like ``write(_:)``, without blocking the calling thread.
  func writeAside<Value: Sendable>(
    _ body: @escaping @Sendable (borrowing Connection) throws -> Value
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

// Times are stored as whole seconds.
extension Date {
  var secondsSince1970: Int64 { Int64(timeIntervalSince1970.rounded(.down)) }

  init(secondsSince1970 seconds: Int64) { self.init(timeIntervalSince1970: Double(seconds)) }
}
