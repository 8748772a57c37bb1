import Foundation
import Glibc
import TestSupport
import Testing

@testable import Processes

@Suite struct ChildProcessTests {
  /// Runs a script of the shell, and gives what it wrote.
  private func script(
    _ text: String, environment: [String: String]? = nil, in folder: String? = nil
  ) throws -> (status: Int32, text: String) {
    let pipe = Pipe()
    let output = pipe.fileHandleForWriting.fileDescriptor
    let child = try ChildProcess(
      ["/bin/sh", "-c", text], environment: environment, in: folder, output: .descriptor(output),
      error: .descriptor(output))
    try pipe.fileHandleForWriting.close()
    let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
    return (child.waitUntilEnd(), String(decoding: bytes, as: UTF8.self))
  }

  @Test func itHasItsOutputAndStatus() throws {
    let outcome = try script("echo out; echo error >&2; exit 7")
    #expect(outcome.text == "out\nerror\n")
    #expect(outcome.status == 7)
  }

  @Test func itHasItsEnvironmentAndFolder() throws {
    #expect(try script("echo $A-$HOME; pwd", environment: ["A": "b=c"], in: "/usr").text == "b=c-\n/usr\n")
    let path = try #require(ProcessInfo.processInfo.environment["PATH"])
    #expect(try script("echo $PATH").text == path + "\n")
  }

  @Test func itHasNoOtherFileOfOurs() throws {
    let file = open("/etc/hostname", O_RDONLY)
    defer { close(file) }
    #expect(
      try script("cd /proc/self/fd; echo *").text == "0 1 2 3\n", "3 is the shell's own, for the pattern")
    #expect(try script("read line && echo $line; echo end").text == "end\n")
  }

  @Test func filesMayHaveEachOthersNumbers() throws {
    let pipe = Pipe()
    let output = pipe.fileHandleForWriting.fileDescriptor
    // Standard output becomes what standard error is here, and the other way round.
    let swapped = try ChildProcess(
      ["/bin/sh", "-c", "echo to error"], output: .descriptor(STDERR_FILENO), error: .descriptor(output))
    #expect(swapped.waitUntilEnd() == 0)
    try pipe.fileHandleForWriting.close()
    #expect(try pipe.fileHandleForReading.readToEnd() ?? Data() == Data())
  }

  /// In a process of its own, because how signals are handled belongs to the process.
  @Test func itHearsSignalsWhicheverThreadStartsIt() async {
    await #expect(processExitsWith: .success) {
      signal(SIGUSR1, SIG_IGN)
      for number in [SIGTERM, SIGINT, SIGUSR1] {
        let child = try ChildProcess(["/bin/sleep", "60"], output: .null, error: .null)
        #expect(child.isRunning)
        #expect(child.send(number))
        #expect(await child.untilEnd() == number)
        #expect(!child.isRunning)
        #expect(!child.send(number))
      }
    }
  }

  @Test func itIsWaitedForWithoutBeingAsked() async throws {
    let id = try ChildProcess(["/bin/true"], output: .null, error: .null).id
    #expect(try await eventually { kill(id, 0) != 0 })
  }

  @Test func whatCannotBeStartedIsTold() {
    func failure(_ words: [String], in folder: String? = nil) -> String? {
      do throws(ChildProcess.StartFailure) {
        _ = try ChildProcess(words, in: folder, output: .null, error: .null)
        return nil
      } catch { return error.description }
    }
    #expect(failure(["/nonexistent/program"]) == "No such file or directory")
    #expect(failure(["/etc"]) == "Permission denied")
    #expect(failure(["/bin/true"], in: "/nonexistent") == "No such file or directory")
    #expect(failure([]) == "Invalid argument")
    #expect(failure(["/bin/true", "a\0b"]) == "Invalid argument")
    #expect(failure(["/bin/true"]) == nil)
  }
}

@Suite struct ProgramRunTests {
  private func complaint(_ words: String..., limit: Duration = .seconds(60)) async -> String? {
    await ProgramRun(words, environment: [:], limit: limit).complaint()
  }

  @Test func complaints() async {
    #expect(await complaint("/bin/true") == nil)
    #expect(await complaint("/bin/sh", "-c", "exit 3") == "ended with status 3")
    #expect(await complaint("/nonexistent/program") == "cannot be started")
    #expect(await complaint("/bin/sleep", "60", limit: .zero) == "was killed after 0 seconds")
    #expect(await complaint("/bin/sh", "-c", "read line || exit 4") == "ended with status 4")
  }
}
