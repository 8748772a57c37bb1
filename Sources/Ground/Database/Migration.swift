/// A step of a schema's history. One that was released is never changed.
package struct Migration: Sendable {
  /// Unique, and recorded in the database once the step was taken.
  package let identifier: String
  let script: StaticString

  package init(_ identifier: String, script: StaticString) {
    self.identifier = identifier
    self.script = script
  }
}

/// Applied steps are recorded as GRDB.swift does (its `DatabaseMigrator.swift`, `Migration.swift`), so that databases
/// made with either open with the other: a table `grdb_migrations` with one column of identifiers.
extension Connection {
  /// The identifiers of all steps that were taken, including those that this program does not know.
  package func appliedMigrations() throws -> Set<String> {
    let tables: Int? = try value(
      "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'grdb_migrations'")
    guard tables != 0 else { return [] }
    return Set(try rows("SELECT identifier FROM grdb_migrations") { try $0[0] as String })
  }

  /// Runs the migrations that were not run yet, each in its own transaction.
  /// - Throws: ``DatabaseError``. The steps before the one that failed stay.
  package func migrate(_ migrations: [Migration]) throws {
    let applied = try appliedMigrations()
    for migration in migrations where !applied.contains(migration.identifier) { try take(migration) }
  }

  private func take(_ migration: Migration) throws {
    // A table is altered by making another and renaming it (https://www.sqlite.org/lang_altertable.html#otheralter),
    // in between references point nowhere. The switch has no effect inside a transaction.
    try run("PRAGMA foreign_keys = OFF")
    let outcome = Result { try takeInTransaction(migration) }
    try run("PRAGMA foreign_keys = ON")
    try outcome.get()
  }

  private func takeInTransaction(_ migration: Migration) throws {
    try transaction {
      // Another process may have taken it since.
      guard try !appliedMigrations().contains(migration.identifier) else { return }
      try run("CREATE TABLE IF NOT EXISTS grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
      try run(script: migration.script)
      try run("INSERT INTO grdb_migrations (identifier) VALUES (?)", migration.identifier)
      let broken = try first("PRAGMA foreign_key_check") { try $0[0] as String }
      if let broken { throw DatabaseError.brokenReference(in: broken) }
    }
  }
}
