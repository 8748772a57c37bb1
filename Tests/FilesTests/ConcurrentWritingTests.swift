import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Files

@Suite final class ConcurrentWritingTests: TemporaryDirectorySuite {
  /// With umask 0, no file in the directory may ever be accessible to others. In a process of its own, because the
  /// umask belongs to the process.
  @Test func aKeyIsNeverReadableByOthersAtAnyMoment() async {
    await #expect(processExitsWith: .success) {
      umask(0)
      let folder = try TemporaryFolder()
      let directory = folder.path + "/keys"
      try Directory.create(directory)
      #expect(mode(of: directory) == 0o700)

      let watcher = Watcher(directory)
      for round in 0..<300 {
        try AtomicFile.write(
          [UInt8](repeating: UInt8(round % 251), count: 4096), to: "\(directory)/key-\(round % 3)")
      }
      watcher.stop()
      #expect(watcher.seen.load(ordering: .relaxed) > 0)
      #expect(watcher.open.load(ordering: .relaxed) == 0)
      #expect(mode(of: directory + "/key-0") == 0o600)
    }
  }

  @Test func aReaderSeesWholeFilesOnly() async throws {
    let directory = directory
    let path = directory + "/file"
    try AtomicFile.write([UInt8](repeating: 0, count: 10_000), to: path)

    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<8 {
        group.addTask {
          for round in 0..<20 {
            let byte = UInt8(writer * 20 + round)
            try AtomicFile.write([UInt8](repeating: byte, count: 10_000), to: path)
            let content = try FileContents.read(path)
            #expect(content.count == 10_000)
            #expect(Set(content).count == 1)
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try names(in: directory) == ["file"])
  }

  @Test func twoWritersNeverMixTheirPairs() async throws {
    let directory = directory
    for round in 0..<20 {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<6 {
          group.addTask {
            let bytes = Array("round \(round) writer \(writer)".utf8)
            try AtomicFile.write(
              [
                NewFile(name: "key", bytes: bytes, mode: 0o600),
                NewFile(name: "crt", bytes: bytes, mode: 0o644),
              ],
              in: directory)
          }
        }
        try await group.waitForAll()
      }
      #expect(try text(of: directory + "/key") == text(of: directory + "/crt"))
    }
    #expect(try names(in: directory) == ["crt", "key"])
  }

  @Test func oneOfSeveralCreatorsSucceedsWithItsCompletePair() async throws {
    let directory = directory
    let winners = await withTaskGroup(of: Int?.self) { group in
      for writer in 0..<12 {
        group.addTask {
          let bytes = Array("\(writer)".utf8)
          do {
            try AtomicFile.create(
              [
                NewFile(name: "key", bytes: bytes, mode: 0o600),
                NewFile(name: "crt", bytes: bytes, mode: 0o644),
              ],
              in: directory)
            return writer
          } catch {
            #expect((error as? FileError)?.kind == .exists)
            return nil
          }
        }
      }
      return await group.reduce(into: [Int]()) { winners, writer in if let writer { winners.append(writer) } }
    }
    let winner = try #require(winners.first)
    #expect(winners.count == 1)
    #expect(try text(of: directory + "/key") == "\(winner)")
    #expect(try text(of: directory + "/crt") == "\(winner)")
    #expect(try names(in: directory) == ["crt", "key"])
  }
}

/// Reads the modes in a directory in a loop, on its own thread, until it is stopped.
private final class Watcher: Sendable {
  /// How many modes it saw, and how many of them were accessible to others.
  let seen = Atomic(0)
  let open = Atomic(0)
  private let isStopped = Atomic(false)
  private let ended = DispatchSemaphore(value: 0)

  init(_ directory: String) {
    let started = DispatchSemaphore(value: 0)
    Thread.detachNewThread { [self] in
      started.signal()
      while !isStopped.load(ordering: .relaxed) {
        for name in (try? names(in: directory)) ?? [] {
          guard let mode = mode(of: "\(directory)/\(name)") else { continue }
          seen.add(1, ordering: .relaxed)
          if mode & 0o077 != 0 { open.add(1, ordering: .relaxed) }
        }
      }
      ended.signal()
    }
    started.wait()
  }

  func stop() {
    isStopped.store(true, ordering: .relaxed)
    ended.wait()
  }
}
