internal import CSQLite

/// A prepared statement. It belongs to a ``Connection`` and is used only where that is.
final class Statement {
  let pointer: OpaquePointer
  /// Between `begin` and `end` of a ``Connection``: it must not be bound or stepped by another use.
  var isInUse = false

  var isReadOnly: Bool { sqlite3_stmt_readonly(pointer) != 0 }

  /// - Parameter isKept: whether it will be used many times.
  init(_ sql: StaticString, isKept: Bool, on connection: OpaquePointer) throws(DatabaseError) {
    guard sql.hasPointerRepresentation else { throw .misuse("no statement") }
    var statement: OpaquePointer?
    var tail: UnsafePointer<CChar>?
    let start = UnsafeRawPointer(sql.utf8Start).assumingMemoryBound(to: CChar.self)
    let flags = isKept ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0
    let code = sqlite3_prepare_v3(connection, start, Int32(sql.utf8CodeUnitCount), flags, &statement, &tail)
    guard code == SQLITE_OK else { throw DatabaseError(code: code, of: connection) }
    guard let statement else { throw .misuse("no statement") }
    pointer = statement
    // Without this a second statement would be left out silently.
    let rest = tail.map { sql.utf8CodeUnitCount - ($0 - start) } ?? 0
    let isWhole = UnsafeBufferPointer(start: tail, count: rest).allSatisfy { [9, 10, 13, 32].contains($0) }
    guard isWhole else { throw .misuse("more than one statement") }
  }

  // Its code repeats the last failure, which was thrown already.
  deinit { sqlite3_finalize(pointer) }

  func bind(_ values: [any DatabaseConvertible]) throws(DatabaseError) {
    let count = sqlite3_bind_parameter_count(pointer)
    guard values.count == Int(count) else {
      throw .misuse("\(values.count) values for \(count) parameters")
    }
    for (offset, value) in values.enumerated() {
      try check(bind(value.databaseValue, at: Int32(offset + 1)))
    }
  }

  private func bind(_ value: DatabaseValue, at index: Int32) -> Int32 {
    switch value {
    case .null: return sqlite3_bind_null(pointer, index)
    case .integer(let number): return sqlite3_bind_int64(pointer, index, number)
    case .real(let number): return sqlite3_bind_double(pointer, index, number)
    case .text(var text):
      return text.withUTF8 { bytes in
        // The address of no bytes may be NULL, which would bind NULL.
        guard let start = bytes.baseAddress else { return shim_bind_text(pointer, index, "", 0) }
        return start.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
          shim_bind_text(pointer, index, $0, UInt64(bytes.count))
        }
      }
    case .blob(let bytes):
      guard !bytes.isEmpty else { return sqlite3_bind_zeroblob(pointer, index, 0) }
      return bytes.withUnsafeBytes { shim_bind_blob(pointer, index, $0.baseAddress, UInt64($0.count)) }
    }
  }

  /// - Returns: whether there is a row, which stays readable until the next call.
  func step() throws(DatabaseError) -> Bool {
    switch sqlite3_step(pointer) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw DatabaseError(code: code, of: sqlite3_db_handle(pointer))
    }
  }

  /// Ends the run, so that no lock is held, and forgets the values.
  func reset() {
    // The code of a reset repeats the last step's failure; the one of clearing is always SQLITE_OK.
    sqlite3_reset(pointer)
    sqlite3_clear_bindings(pointer)
  }

  private func check(_ code: Int32) throws(DatabaseError) {
    guard code == SQLITE_OK else { throw DatabaseError(code: code, of: sqlite3_db_handle(pointer)) }
  }
}
