import Foundation
import Glibc
import Synchronization

/// A program that is run to its end, without a shell, and for no longer than it may take.
package struct ProgramRun: Sendable {
  package let words: [String]
  package let environment: [String: String]
  package let limit: Duration

  /// - Parameters:
  ///   - words: the program's path and its arguments.
  ///   - limit: after which it is killed.
  package init(_ words: [String], environment: [String: String], limit: Duration) {
    self.words = words
    self.environment = environment
    self.limit = limit
  }

  /// Runs it, with nothing on its standard input and its output on our standard error.
  /// - Returns: nil where it ended well, or else what happened, in words that follow its name.
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

  /// Kills a process that takes too long.
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
