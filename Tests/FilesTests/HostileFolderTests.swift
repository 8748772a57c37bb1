import Foundation
import Glibc
import Testing

@testable import Files

/// What another user prepares in a folder in which this process writes.
@Suite final class HostileFolderTests: TemporaryDirectorySuite {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)
  private var target: AtomicDirectory { AtomicDirectory(directory + "/pair") }
  private let files = [NewFile(name: "key", bytes: [1], mode: 0o600)]
  /// A user that is neither root nor this one.
  private static let other: uid_t = 65_534

  /// A folder of somebody else with two files.
  private func victim() throws -> String {
    let path = directory + "/victim"
    try Directory.create(path, mode: 0o700)
    for name in ["a", "b"] { try AtomicFile.write([1], to: "\(path)/\(name)") }
    return path
  }

  @Test(arguments: ["..2026_01_01_00_00_00.1", "..2026_01_01_00_00_00.2147483647"])
  func `a link with the name of old files is not followed`(name: String) throws {
    try target.write(files, now: now)
    let victim = try victim()
    #expect(symlink(victim, "\(target.path)/\(name)") == 0)
    #expect(try !target.write(files, now: now))
    #expect(try target.write([NewFile(name: "key", bytes: [2], mode: 0o600)], now: now + 60))
    #expect(try names(in: victim) == ["a", "b"])
    #expect(try text(of: target.path + "/key") == "\u{2}")
  }

  @Test(.enabled(if: geteuid() == 0, "only root may give files away"))
  func `a folder with the name of old files that belongs to another user stays`() throws {
    try target.write(files, now: now)
    let planted = "\(target.path)/..2026_01_01_00_00_00.1"
    try Directory.create(planted, mode: 0o755)
    try AtomicFile.write([1], to: "\(planted)/file")
    #expect(chown(planted, Self.other, 0) == 0)
    try target.write([NewFile(name: "key", bytes: [2], mode: 0o600)], now: now + 60)
    #expect(try names(in: planted) == ["file"])
  }

  @Test(.enabled(if: geteuid() == 0, "only root may give files away"))
  func `a current folder of another user is not read`() throws {
    try target.write(files, now: now)
    let generation = try #require(try target.generation())
    #expect(chown(generation.path, Self.other, 0) == 0)
    #expect(try target.generation() == nil)
    #expect(throws: FileError.self) { try generation.read("key") }
    #expect(try target.write(files, now: now + 60))
    #expect(try target.generation() != nil)
  }

  @Test(arguments: ["pipe", "device", "link"])
  func `a pipe, a device or a link in the place of a file is refused at once`(kind: String) throws {
    try target.write(files, now: now)
    let generation = try #require(try target.generation())
    let path = generation.path + "/key"
    #expect(unlink(path) == 0)
    switch kind {
    case "pipe": #expect(mkfifo(path, 0o600) == 0)
    case "device": #expect(symlink("/dev/zero", path) == 0)
    default: #expect(symlink(directory + "/elsewhere", path) == 0)
    }
    #expect(throws: FileError.self) { try generation.read("key") }
    let pipe = directory + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    for path in [pipe, "/dev/zero"] {
      let error = #expect(throws: FileError.self) { try FileContents.readRegular(path) }
      #expect(error?.kind == .notRegularFile)
      #expect(throws: FileError.self) { try FileContents.readSecret(path) }
    }
  }

  @Test func `a folder that others may write is refused, with a hint that works`() throws {
    try Directory.create(target.path, mode: 0o755)
    #expect(chmod(target.path, 0o777) == 0)
    let error = #expect(throws: FileError.self) { try target.write(files, now: now) }
    #expect(error?.hint == "chmod go-w \(target.path)")
    #expect(try names(in: target.path).isEmpty)
    #expect(throws: FileError.self) { try AtomicFile.write(files, inTrusted: target.path) }
    #expect(chmod(target.path, 0o755) == 0)
    #expect(try target.write(files, now: now))
  }

  @Test(.enabled(if: geteuid() == 0, "only root may give files away"))
  func `a folder of another user is refused`() throws {
    try Directory.create(target.path, mode: 0o755)
    #expect(chown(target.path, Self.other, 0) == 0)
    let error = #expect(throws: FileError.self) { try target.write(files, now: now) }
    #expect(error?.message.contains("belongs to the user 65534") == true)
  }

  @Test(.enabled(if: geteuid() == 0, "only root may give files away"))
  func `a link of another user on the way is refused, one of root is followed`() throws {
    let real = directory + "/real"
    let link = directory + "/link"
    try Directory.create(real, mode: 0o755)
    #expect(symlink("real", link) == 0)
    #expect(try AtomicDirectory(link + "/pair").write(files, now: now))
    #expect(try names(in: real) == ["pair"])
    #expect(lchown(link, Self.other, 0) == 0)
    let error = #expect(throws: FileError.self) {
      try AtomicDirectory(link + "/pair").write([NewFile(name: "key", bytes: [2], mode: 0o600)], now: now)
    }
    #expect(error?.message.contains("symbolic link of another user") == true)
    #expect(throws: FileError.self) { try AtomicDirectory(link + "/new").write(files, now: now) }
    #expect(try names(in: real) == ["pair"])
  }

  @Test func `a chain of links that never ends is an error`() throws {
    #expect(symlink("b", directory + "/a") == 0 && symlink("a", directory + "/b") == 0)
    #expect(throws: FileError.self) { try AtomicDirectory(directory + "/a").write(files, now: now) }
  }

  @Test func `secrets that every user may read are refused, outside of memory`() throws {
    let path = directory + "/key"
    try AtomicFile.write([1], to: path, mode: 0o640)
    #expect(try FileContents.readSecret(path) == [1])
    for mode: mode_t in [0o644, 0o602] {
      #expect(chmod(path, mode) == 0)
      let error = #expect(throws: FileError.self) { try FileContents.readSecret(path) }
      #expect(error?.kind == .exposed && error?.hint?.contains("chmod 600 \(path)") == true)
    }
  }

  @Test func `temporary files of a killed process are removed, and no others`() throws {
    let old = directory + "/.bulkhead-4711.tmp"
    let fresh = directory + "/.bulkhead-4712.tmp"
    let foreign = directory + "/.bulkhead.tmp"
    for path in [old, fresh, foreign] {
      try "key".write(toFile: path, atomically: false, encoding: .utf8)
    }
    var times = [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)]
    #expect(utimes(old, &times) == 0 && utimes(foreign, &times) == 0)
    try AtomicFile.write([1], to: directory + "/file")
    #expect(try names(in: directory) == [".bulkhead-4712.tmp", ".bulkhead.tmp", "file"])
  }
}
