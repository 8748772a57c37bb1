import Database
import TestSupport
import Testing

@Suite struct MigrationTests {
  private let folder: TemporaryFolder
  private var path: String { "\(folder.path)/a.sqlite" }

  init() throws { folder = try TemporaryFolder() }

  private static let first = Migration(
    "1: a", script: "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT) STRICT")
  private static let second = Migration(
    "2: b",
    script: """
      CREATE TABLE b (a INTEGER NOT NULL REFERENCES a (id)) STRICT;
      INSERT INTO a (x) VALUES ('from the script');
      """)

  @Test func eachStepIsTakenOnce() throws {
    let file = try DatabaseFile(path: path, patience: .seconds(1))
    #expect(try file.read { try $0.appliedMigrations() } == [])
    try file.migrate([Self.first])
    try file.migrate([Self.first, Self.second])
    try file.migrate([Self.first, Self.second])
    #expect(try file.read { try $0.appliedMigrations() } == ["1: a", "2: b"])
    #expect(try file.read { try $0.value("SELECT count(*) FROM a", as: Int.self) } == 1)
    // References are checked again.
    let error = #expect(throws: DatabaseError.self) {
      try file.write { try $0.run("INSERT INTO b VALUES (?)", 99) }
    }
    #expect(error?.message == "FOREIGN KEY constraint failed")
  }

  @Test func aStepThatFailsLeavesNothing() throws {
    let file = try DatabaseFile(path: path, patience: .seconds(1))
    let broken = Migration(
      "2: broken", script: "CREATE TABLE c (x TEXT) STRICT; INSERT INTO nowhere VALUES (1)")
    let error = #expect(throws: DatabaseError.self) { try file.migrate([Self.first, broken]) }
    #expect(error?.message == "no such table: nowhere")
    let dangling = Migration(
      "2: dangling",
      script: "CREATE TABLE c (a INTEGER REFERENCES a (id)) STRICT; INSERT INTO c VALUES (7)")
    let reference = #expect(throws: DatabaseError.self) { try file.migrate([Self.first, dangling]) }
    #expect(reference?.kind == .constraint)
    #expect(reference?.message == "a row of \"c\" refers to one that does not exist")
    #expect(try file.read { try $0.appliedMigrations() } == ["1: a"])
    let tables = "SELECT count(*) FROM sqlite_master WHERE name = 'c'" as StaticString
    #expect(try file.read { try $0.value(tables, as: Int.self) } == 0)
  }

  @Test func aTableMayBeMadeAgainUnderItsReferences() throws {
    let file = try DatabaseFile(path: path, patience: .seconds(1))
    try file.migrate([Self.first, Self.second])
    try file.write { try $0.run("INSERT INTO b VALUES (1)") }
    try file.migrate([
      Self.first, Self.second,
      Migration(
        "3: a with y",
        script: """
          CREATE TABLE new (id INTEGER PRIMARY KEY, x TEXT NOT NULL, y TEXT) STRICT;
          INSERT INTO new (id, x) SELECT id, x FROM a;
          DROP TABLE a;
          ALTER TABLE new RENAME TO a;
          """),
    ])
    #expect(try file.read { try $0.value("SELECT x FROM a, b WHERE a.id = b.a") } == "from the script")
  }

  @Test(.enabled(if: SQLiteCommand.isInstalled, SQLiteCommand.isMissing))
  func stepsThatGRDBTookAreKnown() throws {
    try SQLiteCommand.run(
      path,
      """
      PRAGMA journal_mode = WAL;
      CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
      CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT) STRICT;
      INSERT INTO a (x) VALUES ('from before');
      INSERT INTO grdb_migrations VALUES ('1: a'), ('99: of the future');
      """)
    let file = try DatabaseFile(path: path, patience: .seconds(1))
    #expect(try file.read { try $0.appliedMigrations() } == ["1: a", "99: of the future"])
    try file.migrate([Self.first, Self.second])
    #expect(
      try file.read { try $0.rows("SELECT x FROM a ORDER BY id") { try $0[0] as String } }
        == ["from before", "from the script"])
    #expect(
      try SQLiteCommand.run(path, "SELECT identifier FROM grdb_migrations ORDER BY 1")
        == "1: a\n2: b\n99: of the future\n")
    #expect(
      try SQLiteCommand.run(path, "SELECT sql FROM sqlite_master WHERE name = 'grdb_migrations'")
        == "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)\n")
  }
}
