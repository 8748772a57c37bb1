import Foundation
import Glibc
import Testing

@testable import Files

@Suite final class AtomicFileTests: TemporaryDirectorySuite {
  @Test func writesContentAndMode() throws {
    let path = directory + "/key"
    #expect(try AtomicFile.write(Array("secret".utf8), to: path))
    #expect(try text(of: path) == "secret")
    #expect(mode(of: path) == 0o600)
    #expect(try names(in: directory) == ["key"])
  }

  @Test func writesMoreThanOneSystemCallTakes() throws {
    let bytes = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try AtomicFile.write(bytes, to: directory + "/large", mode: 0o644)
    #expect(try FileContents.read(directory + "/large") == bytes)
  }

  @Test func leavesAnEqualFileUntouched() throws {
    let path = directory + "/file"
    #expect(try AtomicFile.write([1, 2, 3], to: path))
    let before = try #require(status(of: path))
    #expect(try !AtomicFile.write([1, 2, 3], to: path))
    #expect(status(of: path)?.st_ino == before.st_ino)
    #expect(try AtomicFile.write([1, 2, 4], to: path))
    #expect(status(of: path)?.st_ino != before.st_ino)
  }

  @Test func correctsTheModeOfAnEqualFile() throws {
    let path = directory + "/key"
    try AtomicFile.write([1], to: path, mode: 0o644)
    #expect(try AtomicFile.write([1], to: path, mode: 0o600))
    #expect(mode(of: path) == 0o600)
  }

  @Test func refusesADirectoryAndLeavesNothingBehind() throws {
    try Directory.create(directory + "/target")
    let error = #expect(throws: FileError.self) { try AtomicFile.write([1], to: directory + "/target") }
    #expect(error?.kind == .isDirectory)
    #expect(try names(in: directory) == ["target"])
  }

  @Test func refusesAMissingDirectory() throws {
    let error = #expect(throws: FileError.self) { try AtomicFile.write([1], to: directory + "/none/file") }
    #expect(error?.kind == .missing)
  }

  /// Even root cannot create a file there.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/sys/kernel"), "there is no /sys here"))
  func refusesADirectoryThatCannotBeWritten() {
    let error = #expect(throws: FileError.self) { try AtomicFile.write([1], to: "/sys/bulkhead-test") }
    #expect(error.map { [.permission, .readOnly].contains($0.kind) } == true)
  }

  @Test func replacesASymbolicLinkAndNotWhatItPointsTo() throws {
    try AtomicFile.write(Array("old".utf8), to: directory + "/elsewhere", mode: 0o644)
    for target in ["elsewhere", "nothing-there"] {
      let path = "\(directory)/link-to-\(target)"
      #expect(symlink(target, path) == 0)
      #expect(try AtomicFile.write(Array("old".utf8), to: path, mode: 0o644))
      #expect(status(of: path).map { $0.st_mode & S_IFMT } == S_IFREG)
      try AtomicFile.write(Array("new".utf8), to: path)
      #expect(try text(of: path) == "new")
    }
    #expect(try text(of: directory + "/elsewhere") == "old")
    #expect(status(of: directory + "/nothing-there") == nil)
  }

  @Test func refusesADeviceAndALinkToOne() throws {
    #expect(symlink("/dev/null", directory + "/null") == 0)
    for path in ["/dev/null", directory + "/null"] {
      let error = #expect(throws: FileError.self) { try AtomicFile.write([1], to: path) }
      #expect(error?.kind == .notRegularFile)
    }
    #expect(status(of: "/dev/null").map { $0.st_mode & S_IFMT } == S_IFCHR)
    #expect(try names(in: directory) == ["null"])
  }

  @Test(arguments: ["", "/", "..", "a/..", "a/"]) func refusesInvalidFileNames(path: String) {
    let error = #expect(throws: FileError.self) { try AtomicFile.write([1], to: path) }
    #expect(error?.kind == .invalidPath)
  }

  @Test func refusesANULByteThatWouldCutThePathShort() {
    for path in ["a\0b", "a\0b/c"] {
      let error = #expect(throws: FileError.self) { try AtomicFile.write([1], to: path) }
      #expect(error?.kind == .invalidPath)
    }
  }

  @Test func acceptsNamesAsLongAsTheFileSystemAllows() throws {
    try AtomicFile.write([1], to: directory + "/" + String(repeating: "n", count: 255))
    let tooLong = directory + "/" + String(repeating: "n", count: 256)
    let error = #expect(throws: FileError.self) { try AtomicFile.write([1], to: tooLong) }
    #expect(error?.kind == .invalidPath)
    #expect(try names(in: directory).count == 1)
  }

  @Test func aSetWithOneBadTargetChangesNothing() throws {
    try AtomicFile.write(Array("old".utf8), to: directory + "/key")
    try Directory.create(directory + "/certificate")
    let files = [
      NewFile(name: "key", bytes: [1], mode: 0o600), NewFile(name: "certificate", bytes: [2], mode: 0o644),
    ]
    #expect(throws: FileError.self) { try AtomicFile.write(files, in: directory) }
    #expect(try text(of: directory + "/key") == "old")
    #expect(try names(in: directory) == ["certificate", "key"])
  }

  @Test func creatingNeverOverwritesAndIsAllOrNothing() throws {
    try AtomicFile.write(Array("old".utf8), to: directory + "/second")
    let files = [
      NewFile(name: "first", bytes: [1], mode: 0o600), NewFile(name: "second", bytes: [2], mode: 0o644),
    ]
    let error = #expect(throws: FileError.self) { try AtomicFile.create(files, in: directory) }
    #expect(error?.kind == .exists)
    #expect(try text(of: directory + "/second") == "old")
    #expect(try names(in: directory) == ["second"])
  }

  @Test func errorsContainNoFileContent() throws {
    try Directory.create(directory + "/target")
    let error = #expect(throws: FileError.self) {
      try AtomicFile.write(Array("top-secret".utf8), to: directory + "/target")
    }
    #expect(try !String(reflecting: #require(error)).contains("top-secret"))
  }
}
