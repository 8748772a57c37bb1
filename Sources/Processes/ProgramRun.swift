import Foundation
import Glibc
import Synchronization

/// Runs a program to its end, without a shell and with a time limit.
package struct ProgramRun: Sendable {
  package let words: [String]
  package let environment: [String: String]
  package let limit: Duration

  /// - Parameters:
  ///   - words: The path of the program and its arguments.
  ///   - limit: The time after which the program is killed.
  package init(_ words: [String], environment: [String: String], limit: Duration) {
    self.words = words
    self.environment = environment
    self.limit = limit
  }

  /// Runs the program with an empty standard input; its output goes to this process's standard error.
  /// - Returns: nil if it ended with status 0, else what happened, in words that follow its name.
  package func complaint() async -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: words.first ?? "")
    process.arguments = Array(words.dropFirst())
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.standardError
    let timer = Timer()
    let status: Int32? = await withCheckedContinuation { continuation in
      process.terminationHandler = { process in
        timer.cancel()
        continuation.resume(returning: process.terminationStatus)
      }
      do {
        try process.runHearingSignals()
        timer.kill(process.processIdentifier, after: limit)
      } catch {
        process.terminationHandler = nil
        continuation.resume(returning: nil)
      }
    }
    guard let status else { return "cannot be started" }
    if timer.hasFired { return "was killed after \(limit.components.seconds) seconds" }
    return status == 0 ? nil : "ended with status \(status)"
  }

  /// Kills a process that exceeds its time limit.
  private final class Timer: Sendable {
    private let state = Mutex(State.idle)

    private enum State { case idle, fired, cancelled }

    var hasFired: Bool { state.withLock { $0 == .fired } }

    func cancel() { state.withLock { if $0 == .idle { $0 = .cancelled } } }

    func kill(_ process: pid_t, after limit: Duration) {
      DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(Int(limit.components.seconds))) {
        [self] in
        state.withLock { state in
          guard state == .idle else { return }
          state = .fired
          Glibc.kill(process, SIGKILL)
        }
      }
    }
  }
}
