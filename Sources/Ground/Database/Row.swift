internal import CSQLite

/// A row of an answer, lent for the time of a closure.
package struct Row: ~Copyable {
  private let statement: OpaquePointer

  init(of statement: Statement) { self.statement = statement.pointer }

  package var count: Int { Int(sqlite3_data_count(statement)) }

  /// The value of a column as the type that is wanted; an optional one where the column may hold NULL.
  /// - Parameter column: from 0, in the order of the SELECT.
  /// - Throws: ``DatabaseError`` where the column holds a value of another type; nothing is converted silently.
  package subscript<Value: DatabaseConvertible>(_ column: Int) -> Value {
    get throws(DatabaseError) {
      guard let value = Value(databaseValue: try value(column)) else {
        throw DatabaseError(
          code: SQLITE_MISMATCH,
          message: "column \"\(name(of: column))\" holds \(typeName(of: column)), not \(Value.self)")
      }
      return value
    }
  }

  private func value(_ column: Int) throws(DatabaseError) -> DatabaseValue {
    guard column >= 0, column < count else { throw .misuse("no column \(column)") }
    let index = Int32(column)
    switch sqlite3_column_type(statement, index) {
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, index))
    case SQLITE_FLOAT: return .real(sqlite3_column_double(statement, index))
    case SQLITE_TEXT:
      // In this order: the pointer first, then how many bytes it has.
      guard let start = sqlite3_column_text(statement, index) else { throw outOfMemory }
      let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, index)))
      return .text(String(decoding: bytes, as: UTF8.self))
    case SQLITE_BLOB:
      let start = sqlite3_column_blob(statement, index)
      let count = Int(sqlite3_column_bytes(statement, index))
      // NULL stands for a blob of no bytes, too.
      guard start != nil || count == 0 else { throw outOfMemory }
      return .blob(Array(UnsafeRawBufferPointer(start: start, count: count)))
    default: return .null
    }
  }

  private var outOfMemory: DatabaseError { DatabaseError(code: SQLITE_NOMEM, message: "out of memory") }

  private func name(of column: Int) -> String {
    sqlite3_column_name(statement, Int32(column)).map { String(cString: $0) } ?? "\(column)"
  }

  private func typeName(of column: Int) -> String {
    switch sqlite3_column_type(statement, Int32(column)) {
    case SQLITE_INTEGER: "INTEGER"
    case SQLITE_FLOAT: "REAL"
    case SQLITE_TEXT: "TEXT"
    case SQLITE_BLOB: "BLOB"
    default: "NULL"
    }
  }
}
