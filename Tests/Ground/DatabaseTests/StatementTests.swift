import Database
import TestSupport
import Testing

@Suite struct StatementTests {
  @Test func valuesOfEveryTypeComeBackAsTheyWere() throws {
    let folder = try TemporaryFolder()
    let file = try DatabaseFile(path: "\(folder.path)/a.sqlite", patience: .seconds(1))
    let values: [DatabaseValue] = [
      .null, .integer(.min), .integer(.max), .real(0.1), .real(-.infinity), .text(""), .text("a\0b"),
      .text("naïve 🦉"), .blob([]), .blob([0, 255]), .text("'; DROP TABLE t; --"),
    ]
    try file.write { db in
      try db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, value ANY) STRICT")
      for value in values { #expect(try db.run("INSERT INTO t (value) VALUES (?)", value) == 1) }
    }
    #expect(try file.read { try $0.rows("SELECT value FROM t ORDER BY id") { try $0[0] } } == values)
  }

  @Test func nothingIsConvertedSilently() throws {
    let folder = try TemporaryFolder()
    let file = try DatabaseFile(path: "\(folder.path)/a.sqlite", patience: .seconds(1))
    let error = #expect(throws: DatabaseError.self) {
      try file.read { try $0.value("SELECT 'x' AS word", as: Int.self) }
    }
    #expect(error?.kind == .mismatch)
    #expect(error?.message == "column \"word\" holds TEXT, not Int")
    #expect(throws: DatabaseError.self) { try file.read { try $0.value("SELECT NULL", as: String.self) } }
    #expect(try file.read { try $0.value("SELECT NULL", as: String?.self) } == .some(nil))
    #expect(try file.read { try $0.value("SELECT 1 WHERE 0", as: Int.self) } == nil)
    #expect(throws: DatabaseError.self) { try file.read { try $0.first("SELECT 1") { try $0[1] as Int } } }
  }

  @Test func aStatementIsWholeAndItsValuesAreCounted() throws {
    let folder = try TemporaryFolder()
    let file = try DatabaseFile(path: "\(folder.path)/a.sqlite", patience: .seconds(1))
    try file.write { db in
      #expect(throws: DatabaseError.self) { try db.run("SELECT 1; SELECT 2") }
      #expect(throws: DatabaseError.self) { try db.run("") }
      #expect(throws: DatabaseError.self) { try db.run("SELECT ?") }
      #expect(throws: DatabaseError.self) { try db.run("SELECT ?", 1, 2) }
      #expect(throws: DatabaseError.self) { try db.run("SELECT \"no string\"") }
      let error = #expect(throws: DatabaseError.self) { try db.run("SELECT missing") }
      #expect(error?.message == "no such column: missing")
      let one: Int? = try db.value("SELECT 1; ")
      #expect(one == 1)
    }
  }

  @Test func aStatementMayBeAskedFromWithinItsOwnRows() throws {
    let folder = try TemporaryFolder()
    let file = try DatabaseFile(path: "\(folder.path)/a.sqlite", patience: .seconds(1))
    let sums = try file.read { try Self.below(4, in: $0) }
    #expect(sums == [0, 1, 3, 7])
  }

  private static func below(_ limit: Int, in db: borrowing Connection) throws -> [Int] {
    try db.rows(
      "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n LIMIT ?", limit
    ) {
      let number: Int = try $0[0]
      return try number + below(number, in: db).reduce(0, +)
    }
  }
}
