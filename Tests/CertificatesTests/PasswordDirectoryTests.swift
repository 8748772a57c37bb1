import Certificates
import Files
import Foundation
import Testing

@Suite struct PasswordDirectoryTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
  private var store: PasswordDirectory { PasswordDirectory("\(folder)/clients") }

  @Test func `a password is made once and only the owner can read it`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(try store.password(of: "driver") == nil && store.candidates(of: "driver").isEmpty)
    let password = try store.make(for: "driver")
    #expect(password.count == 40 && password.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
    #expect(try store.make(for: "driver") == password)
    #expect(try store.make(for: "other") != password)
    let file = try store.file(of: "driver")
    #expect(try FileContents.mode(of: file) == 0o600 && FileContents.mode(of: store.path) == 0o700)
    #expect(try FileContents.readText(file) == "\(password)\n")
  }

  @Test func `a change keeps both passwords until it is complete, and continues with the same ones`()
    throws
  {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let first = try store.make(for: "driver")
    let second = try store.stage(for: "driver")
    #expect(first != second)
    #expect(try store.stage(for: "driver") == second)
    #expect(try store.candidates(of: "driver") == [first, second])
    try store.promote("driver")
    #expect(try store.candidates(of: "driver") == [second])
    try store.promote("driver")
    #expect(try store.password(of: "driver") == second)
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.path) == ["driver.password"])
  }

  @Test(arguments: ["", "\n", "two words\n", "two\nlines\n", String(repeating: "x", count: 73)])
  func `an invalid password file is refused`(text: String) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Directory.create(store.path)
    try AtomicFile.write(Array(text.utf8), to: try store.file(of: "driver"), mode: 0o600)
    #expect(throws: CertificatesError.self) { try store.make(for: "driver") }
  }

  @Test func `a file that others can read is refused`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let password = try store.make(for: "driver")
    try AtomicFile.write(Array(password.utf8), to: try store.file(of: "driver"), mode: 0o644)
    let error = #expect(throws: CertificatesError.self) { try store.password(of: "driver") }
    #expect(error.map { "\($0)\($0.hint ?? "")" }?.contains(password) == false)
  }

  @Test func `concurrent callers get the same password`() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = store
    let made = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<20 { group.addTask { try store.make(for: "driver") } }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(try made == [store.make(for: "driver")])
  }
}
