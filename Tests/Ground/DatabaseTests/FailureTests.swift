import Database
import Foundation
import Glibc
import TestDisks
import TestSupport
import Testing

/// What happens to a file and its disk.
@Suite struct FailureTests {
  private let folder: TemporaryFolder
  private var path: String { "\(folder.path)/a.sqlite" }

  init() throws { folder = try TemporaryFolder() }

  private func open(_ path: String? = nil, patience: Duration = .milliseconds(100)) throws -> DatabaseFile {
    try DatabaseFile(path: path ?? self.path, patience: patience)
  }

  private static func fill(_ file: DatabaseFile) throws {
    try file.write { db in
      try db.run("CREATE TABLE t (n INTEGER NOT NULL, x BLOB NOT NULL) STRICT")
      let page = [UInt8](repeating: 7, count: 4_000)
      for number in 0..<20 { try db.run("INSERT INTO t VALUES (?, ?)", number, page) }
    }
  }

  private static func count(_ file: DatabaseFile) throws -> Int? {
    try file.read { try $0.value("SELECT count(*) FROM t") }
  }

  @Test func aFileOfAnotherFormatIsNone() throws {
    for content in ["this is no database, not in the least", String(repeating: "no database", count: 1_000)] {
      try content.write(toFile: path, atomically: false, encoding: .utf8)
      let error = #expect(throws: DatabaseError.self) { try open() }
      #expect(error?.kind == .notADatabase)
      #expect(error?.message == "file is not a database")
      #expect(try String(contentsOfFile: path, encoding: .utf8) == content)
    }
  }

  @Test func aFolderOrNothingCannotBeOpened() throws {
    let error = #expect(throws: DatabaseError.self) { try open(folder.path) }
    #expect(error?.kind == .cannotOpen)
    #expect(throws: DatabaseError.self) { try open("\(folder.path)/nowhere/a.sqlite") }
  }

  @Test func aCorruptFileIsReported() throws {
    do {
      try Self.fill(open())
    }
    let handle = try #require(FileHandle(forUpdatingAtPath: path))
    // All pages behind the first, which holds the schema.
    try handle.seek(toOffset: 4_096)
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    try handle.write(contentsOf: Data(repeating: 0xff, count: size - 4_096))
    try handle.close()
    let file = try open()
    let error = #expect(throws: DatabaseError.self) { try Self.count(file) }
    #expect(error?.kind == .corrupt)
    #expect(error?.message == "database disk image is malformed")
  }

  @Test func patienceEnds() throws {
    let (one, other) = (try open(), try open())
    try Self.fill(one)
    let start = ContinuousClock.now
    let error = try one.write { _ in
      #expect(throws: DatabaseError.self) { try other.write { try $0.run("DELETE FROM t") } }
    }
    #expect(error?.kind == .busy)
    #expect(error?.message == "database is locked")
    #expect(ContinuousClock.now - start > .milliseconds(80))
    // Readers do not wait for a writer.
    try one.write { db in
      try db.run("DELETE FROM t")
      #expect(try Self.count(other) == 20)
    }
    #expect(try Self.count(other) == 0)
  }

  @Test(.enabled(if: SQLiteCommand.isInstalled, SQLiteCommand.isMissing))
  func sqlite3ReadsWhatWasWrittenWhileItIsOpen() throws {
    let file = try open()
    try Self.fill(file)
    #expect(
      try SQLiteCommand.run(path, "PRAGMA integrity_check; SELECT count(*), max(n) FROM t") == "ok\n20|19\n")
    try SQLiteCommand.run(path, "DELETE FROM t WHERE n > 9")
    #expect(try Self.count(file) == 10)
    #expect(try SQLiteCommand.run(path, "PRAGMA journal_mode") == "wal\n")
  }

  @Test(.enabled(if: SQLiteCommand.isInstalled, SQLiteCommand.isMissing))
  func aProcessThatIsKilledInATransactionLeavesNothing() throws {
    let file = try open()
    try Self.fill(file)
    let session = try SQLiteCommand.Session(path, "BEGIN IMMEDIATE; DELETE FROM t;")
    let error = #expect(throws: DatabaseError.self) { try file.write { try $0.run("DELETE FROM t") } }
    #expect(error?.kind == .busy)
    session.kill()
    #expect(try Self.count(file) == 20)
    #expect(try file.write { try $0.run("DELETE FROM t WHERE n < 5") } == 5)
    #expect(try SQLiteCommand.run(path, "PRAGMA integrity_check") == "ok\n")
  }

  @Test(.enabled(if: SmallDisk.isPossible, "no file system can be mounted here"))
  func aFullDiskKeepsWhatWasCommitted() async throws {
    try await SmallDisk.with(kilobytes: 1_024) { disk in
      let file = try DatabaseFile(path: "\(disk.path)/a.sqlite", patience: .seconds(1))
      try Self.fill(file)
      try disk.fill()
      let page = [UInt8](repeating: 9, count: 4_000)
      let error = #expect(throws: DatabaseError.self) {
        try file.write { db in
          for number in 100..<2_000 { try db.run("INSERT INTO t VALUES (?, ?)", number, page) }
        }
      }
      #expect(error?.kind == .full)
      #expect(error?.message == "database or disk is full")
      #expect(try Self.count(file) == 20)
      try disk.empty()
      #expect(try file.write { try $0.run("INSERT INTO t VALUES (?, ?)", 100, page) } == 1)
      #expect(try Self.count(DatabaseFile(path: file.path, patience: .seconds(1))) == 21)
    }
  }

  @Test(.enabled(if: SmallDisk.isPossible, "no file system can be mounted here"))
  func aReadOnlyDiskIsReported() async throws {
    try await SmallDisk.with(kilobytes: 1_024) { disk in
      let path = "\(disk.path)/a.sqlite"
      do {
        try Self.fill(DatabaseFile(path: path, patience: .seconds(1)))
      }
      #expect(mount(nil, disk.path, nil, UInt(MS_REMOUNT | MS_RDONLY), nil) == 0)
      let error = #expect(throws: DatabaseError.self) {
        try DatabaseFile(path: path, patience: .seconds(1)).write { try $0.run("DELETE FROM t") }
      }
      #expect([.readOnly, .cannotOpen].contains(error?.kind), "\(String(describing: error))")
    }
  }

  /// In a process of its own, because the umask belongs to the process.
  @Test func theFilesBesideItHaveItsMode() async {
    await #expect(processExitsWith: .success) {
      umask(0)
      let folder = try TemporaryFolder()
      let path = "\(folder.path)/a.sqlite"
      #expect(
        FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]))
      let file = try DatabaseFile(path: path, patience: .milliseconds(100))
      try Self.fill(file)
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(files.contains("a.sqlite-wal") && files.contains("a.sqlite-shm"))
      for name in files {
        let mode = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(name)")[
          .posixPermissions]
        #expect(mode as? Int == 0o600, "\(name)")
      }
    }
  }

  @Test func pagesCannotBeWrittenDirectly() throws {
    let file = try open()
    try Self.fill(file)
    try file.write { _ = try? $0.run("PRAGMA writable_schema = ON") }
    #expect(throws: DatabaseError.self) {
      try file.write { try $0.run("UPDATE sqlite_master SET sql = 'CREATE TABLE t (x)'") }
    }
    #expect(try Self.count(file) == 20)
  }
}
