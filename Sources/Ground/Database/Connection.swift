internal import CSQLite

/// A connection to a database, lent by a ``DatabaseFile`` for the time of a closure: it cannot be kept.
///
/// SQL is always a literal of the program: `StaticString` has no way in for data. Data is bound.
package struct Connection: ~Copyable {
  private let database: OpenDatabase

  init(_ database: OpenDatabase) { self.database = database }

  /// Runs a statement.
  /// - Parameters:
  ///   - sql: one statement.
  ///   - values: one for each `?`.
  /// - Returns: how many rows an INSERT, UPDATE or DELETE has changed.
  @discardableResult
  package func run(
    _ sql: StaticString, _ values: any DatabaseConvertible...
  ) throws(DatabaseError) -> Int {
    let statement = try database.begin(sql, values)
    defer { database.end(statement) }
    while try statement.step() {}
    return Int(sqlite3_changes64(database.pointer))
  }

  /// Runs statements that take no values and whose answers are not wanted, such as a schema's.
  package func run(script: StaticString) throws(DatabaseError) {
    guard !database.isReading else { throw OpenDatabase.wouldWrite }
    guard script.hasPointerRepresentation else { throw .misuse("no statement") }
    let start = UnsafeRawPointer(script.utf8Start).assumingMemoryBound(to: CChar.self)
    try database.check(sqlite3_exec(database.pointer, start, nil, nil, nil))
  }

  /// All rows of an answer, each as `body` makes it.
  /// - Throws: ``DatabaseError``, or what `body` throws.
  package func rows<Value>(
    _ sql: StaticString, _ values: any DatabaseConvertible..., as body: (borrowing Row) throws -> Value
  ) throws -> [Value] {
    let statement = try database.begin(sql, values)
    defer { database.end(statement) }
    var all: [Value] = []
    while try statement.step() { all.append(try body(Row(of: statement))) }
    return all
  }

  /// The first row of an answer; nil where it has none.
  /// - Throws: ``DatabaseError``, or what `body` throws.
  package func first<Value>(
    _ sql: StaticString, _ values: any DatabaseConvertible..., as body: (borrowing Row) throws -> Value
  ) throws -> Value? {
    let statement = try database.begin(sql, values)
    defer { database.end(statement) }
    return try statement.step() ? try body(Row(of: statement)) : nil
  }

  /// The first column of the first row; nil if there are no rows.
  package func value<Value: DatabaseConvertible>(
    _ sql: StaticString, _ values: any DatabaseConvertible..., as type: Value.Type = Value.self
  ) throws(DatabaseError) -> Value? {
    let statement = try database.begin(sql, values)
    defer { database.end(statement) }
    guard try statement.step() else { return nil }
    // Without the type it would be read as an optional one, which takes NULL.
    return try Row(of: statement)[0] as Value
  }

  /// Whether a transaction was begun and not ended.
  package var isInTransaction: Bool { sqlite3_get_autocommit(database.pointer) == 0 }

  /// Runs `body` with statements that only read.
  func reading<Value>(_ body: () throws -> Value) rethrows -> Value {
    let before = database.isReading
    database.isReading = true
    defer { database.isReading = before }
    return try body()
  }
}
