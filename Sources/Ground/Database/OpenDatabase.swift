internal import CSQLite

/// Owns SQLite's connection and its prepared statements. One thread at a time uses it.
final class OpenDatabase {
  let pointer: OpaquePointer
  /// By the address of the literal, which never changes and is unique.
  private var statements: [UnsafePointer<UInt8>: Statement] = [:]
  /// While it is set, statements that would write are refused.
  var isReading = false

  /// - Parameters:
  ///   - path: of a file; it is created with the process's umask if it does not exist.
  ///   - patience: how long a call waits for a lock that another connection holds.
  init(path: String, patience: Duration) throws(DatabaseError) {
    guard sqlite3_threadsafe() != 0 else { throw .misuse("this SQLite was built for one thread only") }
    var connection: OpaquePointer?
    // One thread at a time uses it, so its own mutex is not needed.
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
    // A relative path must not be taken for ":memory:" or "file:...".
    let code = sqlite3_open_v2(path.hasPrefix("/") ? path : "./\(path)", &connection, flags, nil)
    guard code == SQLITE_OK, let connection else {
      let error = DatabaseError(code: code, of: connection)
      // The handle exists even where opening failed.
      sqlite3_close_v2(connection)
      throw error
    }
    pointer = connection
    try check(sqlite3_extended_result_codes(connection, 1))
    try check(sqlite3_busy_timeout(connection, Int32(clamping: patience.milliseconds)))
    try configure()
  }

  /// Statements first: with one of them left the file would stay open.
  deinit {
    statements.removeAll()
    sqlite3_close_v2(pointer)
  }

  private func configure() throws(DatabaseError) {
    // No SQL may write to the pages directly, "x" is never a string, and what a schema from elsewhere brings along
    // calls no function with side effects.
    for (option, isOn) in [
      (SQLITE_DBCONFIG_DEFENSIVE, true), (SQLITE_DBCONFIG_ENABLE_FKEY, true),
      (SQLITE_DBCONFIG_TRUSTED_SCHEMA, false), (SQLITE_DBCONFIG_DQS_DML, false),
      (SQLITE_DBCONFIG_DQS_DDL, false),
    ] {
      try check(shim_db_config(pointer, option, isOn ? 1 : 0))
    }
  }

  // MARK: - Prepared statements

  /// A statement with its values, which ``end(_:)`` must be told of.
  func begin(
    _ sql: StaticString, _ values: [any DatabaseConvertible]
  ) throws(DatabaseError) -> Statement {
    let statement = try prepared(sql)
    guard !isReading || statement.isReadOnly else { throw Self.wouldWrite }
    statement.isInUse = true
    do {
      try statement.bind(values)
    } catch {
      end(statement)
      throw error
    }
    return statement
  }

  func end(_ statement: Statement) {
    statement.reset()
    statement.isInUse = false
  }

  /// There are as many as the program has literals, so they are kept for good.
  private func prepared(_ sql: StaticString) throws(DatabaseError) -> Statement {
    guard sql.hasPointerRepresentation else { throw .misuse("no statement") }
    guard let kept = statements[sql.utf8Start] else {
      let new = try Statement(sql, isKept: true, on: pointer)
      statements[sql.utf8Start] = new
      return new
    }
    // The same statement, asked from within its own rows.
    return kept.isInUse ? try Statement(sql, isKept: false, on: pointer) : kept
  }

  static var wouldWrite: DatabaseError {
    DatabaseError(code: SQLITE_READONLY, message: "a reader must not write")
  }

  func check(_ code: Int32) throws(DatabaseError) {
    guard code == SQLITE_OK else { throw DatabaseError(code: code, of: pointer) }
  }
}

extension Duration {
  /// Whole ones; saturated.
  fileprivate var milliseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
    return overflow ? .max : product + attoseconds / 1_000_000_000_000_000
  }
}
