import Foundation
import Glibc
import TestDisks
import Testing

@testable import Files

@Suite final class AtomicDirectoryTests: TemporaryDirectorySuite {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)
  private var target: AtomicDirectory { AtomicDirectory(directory + "/pair") }

  private func files(_ content: String, mode: mode_t = 0o600) -> [NewFile] {
    [
      NewFile(name: "key", bytes: Array("key \(content)".utf8), mode: mode),
      NewFile(name: "cert", bytes: Array("cert \(content)".utf8), mode: 0o644),
    ]
  }

  @Test func itHasTheLayoutOfAMountedSecret() throws {
    #expect(try target.generation() == nil)
    #expect(try target.write(files("1"), now: now))
    let generation = try #require(try target.generation())
    #expect(generation.written == now)
    let data = try FileManager.default.destinationOfSymbolicLink(atPath: target.path + "/..data")
    #expect(data.hasPrefix("..2027_01_15_08_00_00."))
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: target.path + "/key") == "..data/key")
    #expect(try text(of: target.path + "/key") == "key 1")
    #expect(try text(of: target.path + "/cert") == "cert 1")
    #expect(mode(of: generation.path + "/key") == 0o600)
    #expect(mode(of: generation.path + "/cert") == 0o644)
    #expect(mode(of: generation.path) == 0o755)
    #expect(try names(in: target.path).count == 4)
  }

  @Test func itIsWrittenOnlyOnChange() throws {
    try target.write(files("1"), now: now)
    let first = try target.generation()
    #expect(try !target.write(files("1"), now: now + 60))
    #expect(try target.generation() == first)
    #expect(try target.write(files("2"), now: now + 60))
    #expect(try text(of: target.path + "/key") == "key 2")
    // A changed mode is a change.
    #expect(try target.write(files("2", mode: 0o640), now: now + 120))
    let second = try #require(try target.generation())
    #expect(mode(of: second.path + "/key") == 0o640)
    // One file fewer is also a change.
    #expect(try target.write(Array(files("2", mode: 0o640).prefix(1)), now: now + 180))
    // Of the earlier files only the link of the removed file is left.
    #expect(try names(in: target.path).filter { $0.hasPrefix("..2") }.count == 1)
  }

  @Test func aNoteIsRemovedWithTheFiles() throws {
    try target.write(files("1"), now: now)
    let first = try #require(try target.generation())
    #expect(!first.has(note: "done"))
    try first.add(note: "done")
    #expect(try target.generation()?.has(note: "done") == true)
    #expect(try !target.write(files("1"), now: now))
    try target.write(files("2"), now: now)
    #expect(try target.generation()?.has(note: "done") == false)
  }

  @Test func filesOfAKilledProcessAreRemovedAndMissingLinksRestored() throws {
    try target.write(files("1"), now: now)
    let path = target.path
    try Directory.create(path + "/..2020_01_01_00_00_00.1", mode: 0o755)
    try AtomicFile.write([1], to: path + "/..2020_01_01_00_00_00.1/key")
    #expect(symlink("nowhere", path + "/..data_tmp") == 0)
    try AtomicFile.write([1], to: path + "/..notes")
    #expect(unlink(path + "/key") == 0)
    try FileManager.default.removeItem(atPath: path + "/cert")
    try AtomicFile.write([1], to: path + "/cert")
    #expect(try !target.write(files("1"), now: now))
    #expect(try text(of: path + "/key") == "key 1")
    #expect(try text(of: path + "/cert") == "cert 1")
    // Files of others stay.
    #expect(try names(in: path).filter { !$0.hasPrefix("..2027") } == ["..data", "..notes", "cert", "key"])
  }

  @Test func plainFilesOfAnEarlierToolAreReplaced() throws {
    try Directory.create(target.path, mode: 0o755)
    try AtomicFile.write([1], to: target.path + "/key")
    try target.write(files("1"), now: now)
    #expect(try text(of: target.path + "/key") == "key 1")
  }

  @Test(.enabled(if: geteuid() == 0, "only root may give files away"))
  func theOwnerIsSetAndIsPartOfIt() throws {
    let owner = try FileOwner(owner: "4711", group: "root")
    let mine = [NewFile(name: "key", bytes: [1], mode: 0o640, owner: owner)]
    try target.write(mine, now: now)
    let path = try #require(try target.generation()).path
    let found = try #require(status(of: path + "/key"))
    #expect(found.st_uid == 4711)
    #expect(found.st_gid == 0)
    #expect(found.st_mode & 0o7777 == 0o640)
    #expect(try !target.write(mine, now: now))
    #expect(try target.write([NewFile(name: "key", bytes: [1], mode: 0o640)].map(rootOwned), now: now))
  }

  private func rootOwned(_ file: NewFile) throws -> NewFile {
    NewFile(
      name: file.name, bytes: file.bytes, mode: file.mode, owner: try FileOwner(owner: "root", group: "root"))
  }

  @Test func anUnknownOwnerIsAnError() {
    let error = #expect(throws: FileError.self) { try FileOwner(owner: "no-such-user", group: nil) }
    #expect(error?.message == "the user \"no-such-user\" does not exist on this machine")
  }

  @Test(.enabled(if: SmallDisk.isPossible, "no disk can be mounted here"))
  func aFullDiskLeavesTheOldPair() async throws {
    try await SmallDisk.with(kilobytes: 64) { disk in
      let target = AtomicDirectory(disk.path + "/pair")
      try target.write(files("1"), now: now)
      try disk.fill()
      for _ in 0..<3 {
        let error = #expect(throws: FileError.self) { try target.write(files("2"), now: now + 60) }
        #expect(error?.kind == .noSpace)
        #expect(try text(of: target.path + "/key") == "key 1")
        #expect(try text(of: target.path + "/cert") == "cert 1")
      }
      #expect(try names(in: target.path).count == 4)
      try disk.empty()
      #expect(try target.write(files("2"), now: now + 60))
      #expect(try text(of: target.path + "/key") == "key 2")
    }
  }
}
