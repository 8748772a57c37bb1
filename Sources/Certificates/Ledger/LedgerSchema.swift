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
    // `renewedFrom` is the serial of the certificate with which a renewal was requested. `publicKey` is the
    // SHA-256 of the SubjectPublicKeyInfo. `podUID` is the UID of the pod whose service-account token proved
    // the request. All three are NULL in rows of earlier releases.
    //
    // `blocked`: an identity gets no certificate until its row is deleted; a row without a node is for all nodes.
    //
    // `tokenUse`: the service-account tokens, by their claim `jti`, and the identities that got a certificate
    // with each. A row may be deleted once the token has expired.
    //
    // `listedOnly`: serials that a revocation list has and no row of `certificate`, which happens after an old
    // copy of the ledger was put back. They stay on the list until `until`.
    Migration(
      "3: lineage, blocked identities, uses of service-account tokens",
      script: """
        ALTER TABLE certificate ADD COLUMN renewedFrom TEXT;
        ALTER TABLE certificate ADD COLUMN podUID TEXT;
        ALTER TABLE certificate ADD COLUMN publicKey TEXT;
        CREATE INDEX certificateOfOrigin ON certificate (renewedFrom) WHERE renewedFrom IS NOT NULL;
        CREATE INDEX certificateOfKey ON certificate (publicKey) WHERE publicKey IS NOT NULL;
        CREATE INDEX certificateRevoked ON certificate (notAfter) WHERE revokedAt IS NOT NULL;
        CREATE TABLE blocked (
          id INTEGER PRIMARY KEY,
          identity TEXT NOT NULL,
          node TEXT,
          since INTEGER NOT NULL,
          reason TEXT NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX blockedIdentity ON blocked (identity, ifnull(node, ''));
        CREATE TABLE tokenUse (
          jti TEXT NOT NULL,
          identity TEXT NOT NULL,
          serial TEXT NOT NULL REFERENCES certificate (serial),
          expiresAt INTEGER NOT NULL,
          PRIMARY KEY (jti, identity)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE listedOnly (
          serial TEXT NOT NULL PRIMARY KEY,
          revokedAt INTEGER NOT NULL,
          reason TEXT NOT NULL,
          until INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """),
  ]
}
