import Foundation
import Glibc
import TestSupport

/// A program on a terminal, as a person sits before it.
enum PseudoTerminal {
  struct Outcome {
    let code: Int32
    /// What the terminal shows: both outputs, and what is typed.
    let shown: String
  }

  /// Runs the built program on a terminal of its own and types the lines.
  /// - Parameter lines: the terminal keeps them until the program reads, so there is no time to choose. After them the
  ///   end of the input is typed (Ctrl-D).
  static func bulkhead(
    _ arguments: [String], in folder: String, typing lines: [String], environment: [String: String] = [:]
  ) throws -> Outcome {
    try run(Program.path, arguments, in: folder, typing: lines, environment: environment)
  }

  static func run(
    _ program: String, _ arguments: [String], in folder: String, typing lines: [String],
    environment: [String: String] = [:]
  ) throws -> Outcome {
    let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard master >= 0 else { throw POSIXError(.ENOTTY) }
    defer { close(master) }
    // As unlockpt and ptsname do, which Swift's Glibc module does not have: TIOCSPTLCK and TIOCGPTN (ioctl_tty(2)).
    var (isLocked, number) = (Int32(0), UInt32(0))
    guard ioctl(master, 0x4004_5431, &isLocked) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {
      throw POSIXError(.ENOTTY)
    }
    let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard slave >= 0 else { throw POSIXError(.ENOTTY) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let terminal = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
    process.standardInput = terminal
    process.standardOutput = terminal
    process.standardError = terminal
    try process.runHearingSignals()
    close(slave)
    let typed = Array((lines.map { $0 + "\n" }.joined() + "\u{4}").utf8)
    _ = typed.withUnsafeBytes { write(master, $0.baseAddress, $0.count) }
    // Read until the last user of the terminal has closed it, which Linux reports as EIO.
    var shown: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(master, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      shown += chunk.prefix(count)
    }
    process.waitUntilExit()
    return Outcome(
      code: process.terminationStatus,
      shown: String(decoding: shown, as: UTF8.self).replacing("\r\n", with: "\n"))
  }
}
