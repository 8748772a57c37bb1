import Database

/// The ledger's tables, as migrations. A released migration is never changed.
enum LedgerSchema {
  /// - Throws: ``CertificatesError`` if a later release has written the ledger.
  static func migrate(_ database: DatabaseFile) throws {
    let known = Set(migrations.map(\.identifier))
    guard try database.read({ try $0.appliedMigrations() }).isSubset(of: known) else {
      throw CertificatesError(
        "\(database.path) was written by a later release of bulkhead",
        hint: "use that release, or a later one")
    }
    try database.migrate(migrations)
  }

  private static let migrations = [
    // Times are whole seconds since 1970; serials and fingerprints are lower-case hexadecimal.
    Migration(
      "1: certificates and revocation lists",
      script: """
        CREATE TABLE certificate (
          id INTEGER PRIMARY KEY,
          serial TEXT NOT NULL UNIQUE,
          authority TEXT NOT NULL,
          purpose TEXT NOT NULL,
          identity TEXT NOT NULL,
          component TEXT,
          node TEXT,
          fingerprint TEXT NOT NULL UNIQUE,
          notBefore INTEGER NOT NULL,
          notAfter INTEGER NOT NULL,
          file TEXT,
          revokedAt INTEGER,
          reason TEXT,
          CHECK ((revokedAt IS NULL) = (reason IS NULL))
        ) STRICT;
        CREATE INDEX certificateOfIdentity ON certificate (identity);
        CREATE TABLE revocationList (
          authority TEXT NOT NULL,
          number INTEGER NOT NULL,
          thisUpdate INTEGER NOT NULL,
          nextUpdate INTEGER NOT NULL,
          PRIMARY KEY (authority, number)
        ) STRICT, WITHOUT ROWID;
        """),
    Migration(
      "2: join tokens",
      script: """
        CREATE TABLE joinToken (
          hash TEXT NOT NULL PRIMARY KEY,
          node TEXT,
          components TEXT,
          uses INTEGER NOT NULL CHECK (uses > 0),
          createdAt INTEGER NOT NULL,
          expiresAt INTEGER NOT NULL,
          revokedAt INTEGER,
          CHECK (node IS NOT NULL OR components IS NOT NULL)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE joinTokenUse (
          token TEXT NOT NULL REFERENCES joinToken (hash),
          identity TEXT NOT NULL,
          serial TEXT NOT NULL REFERENCES certificate (serial),
          PRIMARY KEY (token, identity, serial)
        ) STRICT, WITHOUT ROWID;
        """),
  ]
}
