import Files
import Foundation
import Testing

@testable import Certificates

/// Ledgers that earlier releases wrote, which used GRDB.swift.
@Suite final class ExistingLedgerTests: TemporaryDirectorySuite {
  private static let sqlite = "/usr/bin/sqlite3"
  private static let isSQLiteInstalled = FileManager.default.isExecutableFile(atPath: sqlite)
  /// An executable of a release that used GRDB.swift; not part of a clone.
  private static let before = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: ".tools/before/bulkhead").path

  /// What `sqlite3 ledger.sqlite .dump` prints of such a ledger.
  private static let dump = """
    PRAGMA journal_mode = WAL;
    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
    INSERT INTO grdb_migrations VALUES('1: certificates and revocation lists');
    INSERT INTO grdb_migrations VALUES('2: join tokens');
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
    INSERT INTO certificate VALUES(1,'fb1c0d','38acff','client','calico-node','calico-node','n1','a3292b',
      1795856721,1803633021,'/pki/clients/calico-node@n1.crt',NULL,NULL);
    INSERT INTO certificate VALUES(2,'fe0f51','38acff','client','alice','calicoctl',NULL,'94cd00',
      1795856721,1803633021,NULL,1795857022,'keyCompromise');
    CREATE TABLE revocationList (
      authority TEXT NOT NULL,
      number INTEGER NOT NULL,
      thisUpdate INTEGER NOT NULL,
      nextUpdate INTEGER NOT NULL,
      PRIMARY KEY (authority, number)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO revocationList VALUES('38acff',2,1795857022,1798449022);
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
    INSERT INTO joinToken VALUES('0123456789abcdef','n1','calico-node,cni-plugin',2,1795856000,1795956000,NULL);
    CREATE TABLE joinTokenUse (
      token TEXT NOT NULL REFERENCES joinToken (hash),
      identity TEXT NOT NULL,
      serial TEXT NOT NULL REFERENCES certificate (serial),
      PRIMARY KEY (token, identity, serial)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO joinTokenUse VALUES('0123456789abcdef','calico-node','fb1c0d');
    CREATE INDEX certificateOfIdentity ON certificate (identity);
    """

  @discardableResult
  private func run(_ program: String, _ arguments: String..., status: Int32 = 0) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(filePath: directory)
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == status, "\(program) \(arguments): \(text)")
    return text
  }

  @Test(.enabled(if: isSQLiteInstalled, "there is no /usr/bin/sqlite3 here"))
  func opensAndGoesOn() throws {
    try run(Self.sqlite, "ledger.sqlite", Self.dump)
    let ledger = try Ledger(in: directory)
    let entries = try ledger.entries()
    #expect(entries.map(\.serial) == ["fb1c0d", "fe0f51"])
    #expect(entries.map(\.node) == ["n1", nil])
    #expect(entries[0].file == "/pki/clients/calico-node@n1.crt")
    #expect(entries[0].notAfter == Date(timeIntervalSince1970: 1_803_633_021))
    #expect(entries[0].revokedAt == nil && entries[0].reason == nil)
    #expect(entries[1].revokedAt == Date(timeIntervalSince1970: 1_795_857_022))
    #expect(entries[1].reason == .keyCompromise)
    #expect(try ledger.nextUpdateOfList() == Date(timeIntervalSince1970: 1_798_449_022))
    let token = try #require(ledger.tokens().first)
    #expect(token.id == "0123456789ab" && token.issued == ["calico-node": 1])
    #expect(token.grant.components == ["calico-node", "cni-plugin"] && token.grant.uses == 2)
    #expect(try ledger.revoke(serials: ["fb1c0d"], at: Date(), because: .superseded) == 1)
    #expect(
      try run(Self.sqlite, "ledger.sqlite", "PRAGMA integrity_check; PRAGMA journal_mode") == "ok\nwal\n")
  }

  @Test(.enabled(if: isSQLiteInstalled, "there is no /usr/bin/sqlite3 here"))
  func aNewOneHasTheSameTables() throws {
    try run(Self.sqlite, "ledger.sqlite", Self.dump)
    _ = try Ledger(in: directory)
    try Directory.create("\(directory)/new")
    _ = try Ledger(in: "\(directory)/new")
    let schema = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
    #expect(try run(Self.sqlite, "new/ledger.sqlite", schema) == run(Self.sqlite, "ledger.sqlite", schema))
    let migrations = "SELECT * FROM grdb_migrations ORDER BY 1"
    #expect(
      try run(Self.sqlite, "new/ledger.sqlite", migrations) == run(Self.sqlite, "ledger.sqlite", migrations))
  }

  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: before), "no executable of an earlier release"))
  func aLedgerOfAnEarlierReleaseGoesOnHereAndNoLongerThere() throws {
    try run(Self.before, "certs", "authority", "pki")
    try run(
      Self.before, "init", "--component", "calico-node", "--calicoctl", "alice=read-only", "--ca",
      "pki/ca.crt",
      "--certificate", "x", "--key", "x")
    try run(Self.before, "certs", "issue")

    let pki = "\(directory)/pki"
    let ledger = try Ledger(in: pki)
    let entries = try ledger.entries()
    #expect(entries.map(\.identity) == ["calico-node", "alice"])
    for entry in entries {
      let facts = try CertificateFacts(file: #require(entry.file))
      #expect(try ledger.entry(of: facts) == entry)
      #expect(facts.notAfter == entry.notAfter)
      #expect(entry.renewedFrom == nil && entry.podUID == nil && entry.publicKey == nil)
    }
    try ledger.revoke(serials: [entries[1].serial], at: Date(), because: .keyCompromise)
    let issuer = Issuer(
      try Authority.load(pki, now: Date()), ledger: ledger, lifetime: .days(30), now: Date())
    _ = try CredentialDirectory("\(pki)/clients").issue(for: [CertificateHolder(client: "bob")], by: issuer)
    #expect(try ledger.entries().last?.publicKey != nil)
    #expect(try issuer.writeRevocationList(in: pki, validity: .days(30)).count == 1)

    let refusal = try run(Self.before, "certs", "list", "--all", status: 1)
    #expect(refusal.contains("was written by a later release of bulkhead"), "\(refusal)")
  }
}
