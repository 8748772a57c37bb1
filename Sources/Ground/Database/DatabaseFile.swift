internal import CSQLite
import Dispatch

/// A database in a file, in WAL mode, for all threads of a process and for many processes at once.
///
/// There is one connection. Who comes second waits for the first.
/// - Important: `read` and `write` must not be called from inside a closure of the same file.
package final class DatabaseFile: @unchecked Sendable {
  package let path: String
  // Sound because the connection is used on the queue only, which runs one closure at a time. The closures borrow it,
  // and a type that cannot be copied cannot be kept.
  private let connection: Connection
  private let queue = DispatchQueue(label: "DatabaseFile")

  /// What is safe after a commit.
  package enum Durability: Sendable {
    /// The database stays whole; the last commits may be lost when the power fails.
    case normal
    /// A commit outlasts a power cut.
    case full
  }

  /// Opens a file, or creates it with the process's umask if it does not exist. The files that SQLite keeps beside it
  /// (`-wal`, `-shm`) get its mode.
  ///
  /// Changing a file to WAL does not wait for others, it fails: open a new one in one process at a time.
  /// - Parameters:
  ///   - patience: how long a call waits for a lock that another connection holds.
  /// - Throws: ``DatabaseError``, among others where the file is of another format.
  package init(path: String, patience: Duration, durability: Durability = .full) throws(DatabaseError) {
    self.path = path
    connection = Connection(try OpenDatabase(path: path, patience: patience))
    // Reads the header, so that a file of another format is seen now.
    try connection.run("SELECT count(*) FROM sqlite_master")
    let mode: String? = try connection.value("PRAGMA journal_mode = WAL")
    guard mode == "wal" else {
      throw DatabaseError(code: SQLITE_CANTOPEN, message: "write-ahead logging is not possible here")
    }
    // The pages of an index of random keys come again and again: kept in memory, and written to the file once for many
    // commits, they cost a quarter less CPU for each row (100,000 rows with two such indexes). In kibibytes and pages.
    try connection.run("PRAGMA cache_size = -16000")
    try connection.run("PRAGMA wal_autocheckpoint = 4000")
    switch durability {
    case .normal: try connection.run("PRAGMA synchronous = NORMAL")
    case .full: try connection.run("PRAGMA synchronous = FULL")
    }
  }

  /// Reads in one transaction, so all answers are of the same moment.
  /// - Throws: ``DatabaseError``, or what `body` throws.
  package func read<Value>(_ body: (borrowing Connection) throws -> Value) throws -> Value {
    try queue.sync {
      try connection.reading { try connection.transaction(.deferred) { try body(connection) } }
    }
  }

  /// One transaction that has the write lock from its beginning.
  /// - Throws: ``DatabaseError``, or what `body` throws; then nothing was written.
  @discardableResult
  package func write<Value>(_ body: (borrowing Connection) throws -> Value) throws -> Value {
    try queue.sync { try connection.transaction { try body(connection) } }
  }

  /// As ``write(_:)``, without holding up the thread that asks.
  @discardableResult
  package func writeAside<Value: Sendable>(
    _ body: @escaping @Sendable (borrowing Connection) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async {
        continuation.resume(
          with: Result { try self.connection.transaction { try body(self.connection) } })
      }
    }
  }

  /// Takes the steps of a schema that were not taken.
  /// - Throws: ``DatabaseError``.
  package func migrate(_ migrations: [Migration]) throws {
    try queue.sync { try connection.migrate(migrations) }
  }
}
