internal import CSQLite

/// What SQLite refused, in its own words.
package struct DatabaseError: Error, Hashable, Sendable {
  /// What kind of failure it is, for a caller that acts on it. By the primary result code of
  /// <https://www.sqlite.org/rescode.html>.
  package enum Kind: Sendable {
    /// Another connection holds the lock, and the patience given at opening is over.
    case busy
    /// No space is left on the device.
    case full
    /// The file, its folder or the connection may only be read.
    case readOnly
    case cannotOpen
    /// The file's content contradicts itself.
    case corrupt
    /// The file is of another format.
    case notADatabase
    /// Reading or writing failed on the device.
    case inputOutput
    /// A UNIQUE, CHECK, NOT NULL, STRICT or foreign key rule of the schema.
    case constraint
    case outOfMemory
    /// A value is not of the type that was asked for.
    case mismatch
    /// Anything else; ``DatabaseError/extendedCode`` says what.
    case other
  }

  package let kind: Kind
  /// SQLite's extended result code, such as 2067 for a UNIQUE constraint.
  package let extendedCode: Int
  /// SQLite's words. They may quote SQL and name tables and columns; bound values are not in them.
  package let message: String

  init(code: Int32, message: String) {
    kind = Kind(code: code)
    extendedCode = Int(code)
    self.message = message
  }

  /// The failure of the last call on a connection.
  /// - Parameter connection: NULL where none could be allocated.
  init(code: Int32, of connection: OpaquePointer?) {
    let words = connection.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
    self.init(code: code, message: words.map { String(cString: $0) } ?? "code \(code)")
  }

  /// The use of this room was wrong, not the file.
  static func misuse(_ message: String) -> Self { Self(code: SQLITE_MISUSE, message: message) }
}

extension DatabaseError.Kind {
  /// The low byte of an extended code is the primary one.
  fileprivate init(code: Int32) {
    self =
      switch code & 0xff {
      case SQLITE_BUSY, SQLITE_LOCKED: .busy
      case SQLITE_FULL: .full
      case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: .readOnly
      case SQLITE_CANTOPEN: .cannotOpen
      case SQLITE_CORRUPT: .corrupt
      case SQLITE_NOTADB: .notADatabase
      case SQLITE_IOERR: .inputOutput
      case SQLITE_CONSTRAINT: .constraint
      case SQLITE_NOMEM: .outOfMemory
      case SQLITE_MISMATCH: .mismatch
      default: .other
      }
  }
}

extension DatabaseError: CustomStringConvertible {
  package var description: String { "\(message) (SQLite's code \(extendedCode))" }
}

extension DatabaseError {
  static func brokenReference(in table: String) -> Self {
    Self(
      code: SQLITE_CONSTRAINT | (3 << 8),
      message: "a row of \"\(table)\" refers to one that does not exist")
  }
}
