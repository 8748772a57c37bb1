import Database
import TestSupport
import Testing

@Suite struct TransactionTests {
  private struct Refusal: Error {}

  private let folder: TemporaryFolder
  private let file: DatabaseFile

  init() throws {
    folder = try TemporaryFolder()
    file = try DatabaseFile(path: "\(folder.path)/a.sqlite", patience: .seconds(20))
    try file.write { try $0.run("CREATE TABLE t (n INTEGER NOT NULL UNIQUE) STRICT") }
  }

  private func count(in file: DatabaseFile) throws -> Int? {
    try file.read { try $0.value("SELECT count(*) FROM t") }
  }

  @Test func allIsWrittenOrNone() async throws {
    #expect(throws: Refusal.self) {
      try file.write { db in
        try db.run("INSERT INTO t VALUES (1)")
        throw Refusal()
      }
    }
    await #expect(throws: Refusal.self) {
      try await file.writeAside { db in
        try db.run("INSERT INTO t VALUES (1)")
        throw Refusal()
      }
    }
    #expect(try count(in: file) == 0)
    let error = #expect(throws: DatabaseError.self) {
      try file.write { db in
        for number in [1, 2, 1] { try db.run("INSERT INTO t VALUES (?)", number) }
      }
    }
    #expect(error?.kind == .constraint)
    // SQLITE_CONSTRAINT_UNIQUE
    #expect(error?.extendedCode == 2067)
    #expect(error?.message == "UNIQUE constraint failed: t.n")
    #expect(try count(in: file) == 0)
    try file.write { try $0.run("INSERT INTO t VALUES (?)", 1) }
    #expect(try count(in: file) == 1)
  }

  @Test func aReaderMustNotWrite() throws {
    for sql: StaticString in ["INSERT INTO t VALUES (1)", "DROP TABLE t", "PRAGMA user_version = 1"] {
      let error = #expect(throws: DatabaseError.self) { try file.read { _ = try $0.run(sql) } }
      #expect(error?.kind == .readOnly)
    }
    #expect(throws: DatabaseError.self) { try file.read { try $0.run(script: "INSERT INTO t VALUES (1)") } }
    #expect(try count(in: file) == 0)
  }

  @Test func aReaderSeesOneMoment() throws {
    let other = try DatabaseFile(path: file.path, patience: .seconds(20))
    let counts = try other.read { db in
      let before: Int? = try db.value("SELECT count(*) FROM t")
      try file.write { try $0.run("INSERT INTO t VALUES (1)") }
      let after: Int? = try db.value("SELECT count(*) FROM t")
      return (before, after)
    }
    #expect(counts == (0, 0))
    #expect(try count(in: other) == 1)
  }

  @Test func transactionsDoNotNest() throws {
    let error = #expect(throws: DatabaseError.self) { try file.write { db in try db.transaction { 1 } } }
    #expect(error?.message.contains("within a transaction") == true)
    #expect(try count(in: file) == 0)
  }

  @Test func changesAreCounted() throws {
    try file.write { db in
      for number in 0..<10 { try db.run("INSERT INTO t VALUES (?)", number) }
      #expect(try db.run("UPDATE t SET n = n + 100 WHERE n < ?", 3) == 3)
      #expect(try db.run("DELETE FROM t WHERE n = ?", 1_000) == 0)
      #expect(try db.run("DELETE FROM t") == 10)
    }
  }

  @Test func manyThreadsAndConnectionsTakeTurns() async throws {
    let path = file.path
    let file = file
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<8 {
        group.addTask {
          let own = writer < 4 ? file : try DatabaseFile(path: path, patience: .seconds(60))
          for number in 0..<50 {
            let value = writer * 1_000 + number
            if number.isMultiple(of: 2) {
              try await own.writeAside { _ = try $0.run("INSERT INTO t VALUES (?)", value) }
            } else {
              try own.write { _ = try $0.run("INSERT INTO t VALUES (?)", value) }
            }
            let found: Int? = try own.read { try $0.value("SELECT n FROM t WHERE n = ?", value) }
            #expect(found == value)
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try count(in: file) == 400)
  }
}
