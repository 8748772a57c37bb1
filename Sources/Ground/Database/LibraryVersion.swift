internal import CSQLite

/// The SQLite that the process uses, which may be newer than the one it was built with.
package enum SQLite {
  /// As in `3.40.1`.
  package static var version: String { sqlite3_libversion().map { String(cString: $0) } ?? "unknown" }
}
