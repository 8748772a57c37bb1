import Foundation
import Glibc
import Testing

@testable import Files

@Suite final class ReadingTests: TemporaryDirectorySuite {
  @Test func readsAFileAndReturnsNilIfItDoesNotExist() throws {
    try AtomicFile.write(Array("grüße".utf8), to: directory + "/file")
    #expect(try FileContents.readText(directory + "/file") == "grüße")
    #expect(try FileContents.readIfPresent(directory + "/none") == nil)
  }

  /// Opening a pipe would wait for a writer.
  @Test func aPipeInThePlaceOfAFileIsRefused() throws {
    #expect(mkfifo(directory + "/pipe", 0o644) == 0)
    let error = #expect(throws: FileError.self) {
      try FileContents.readRegularIfPresent(directory + "/pipe")
    }
    #expect(error?.kind == .notRegularFile)
    #expect(throws: FileError.self) { try FileContents.readRegularText(directory + "/pipe") }
    #expect(try FileContents.readRegularIfPresent(directory + "/none") == nil)
  }

  @Test func errorsHaveTheRightKind() throws {
    try AtomicFile.write([0xff, 0xfe, 0x00], to: directory + "/bytes")
    func kind(_ read: () throws -> Void) -> FileError.Kind? {
      #expect(throws: FileError.self, performing: read)?.kind
    }
    #expect(kind { _ = try FileContents.read(directory + "/none") } == .missing)
    #expect(kind { _ = try FileContents.read(directory) } == .isDirectory)
    #expect(kind { _ = try FileContents.readIfPresent(directory) } == .isDirectory)
    #expect(kind { _ = try FileContents.read(directory + "/bytes/below") } == .notDirectory)
    #expect(kind { _ = try FileContents.read(directory + "/bytes", limit: 2) } == .tooLarge)
    #expect(kind { _ = try FileContents.readText(directory + "/bytes") } == .notText)
    #expect(kind { _ = try FileContents.read("") } == .invalidPath)
    #expect(try FileContents.read(directory + "/bytes", limit: 3).count == 3)
  }

  @Test(.enabled(if: geteuid() != 0, "root may read every file"))
  func reportsDeniedPermission() throws {
    try AtomicFile.write([1], to: directory + "/file", mode: 0o200)
    let error = #expect(throws: FileError.self) { try FileContents.read(directory + "/file") }
    #expect(error?.kind == .permission)
  }

  @Test func messagesAreOneSentenceInLowerCaseWithoutAFullStop() {
    for code in [ENOENT, EEXIST, EISDIR, ENOTDIR, EACCES, EROFS, ENOSPC, ENAMETOOLONG, EIO, EMFILE] {
      let error = FileError(errno: code, "write", "/dir/file")
      #expect(error.message.hasPrefix("cannot write /dir/file: "))
      #expect(error.message.last?.isLetter == true)
      #expect(error.hint?.isEmpty == false)
    }
  }

  @Test func createsDirectoriesForTheOwnerOnly() throws {
    try Directory.create(directory + "/a/b/c/")
    for path in ["/a", "/a/b", "/a/b/c"] { #expect(mode(of: directory + path) == 0o700) }
    #expect(chmod(directory + "/a", 0o755) == 0)
    try Directory.create(directory + "/a")
    #expect(mode(of: directory + "/a") == 0o755)
    try AtomicFile.write([1], to: directory + "/a/file")
    let error = #expect(throws: FileError.self) { try Directory.create(directory + "/a/file") }
    #expect(error?.kind == .notDirectory)
    #expect(throws: FileError.self) { try Directory.create(directory + "/a/file/below") }
  }
}
