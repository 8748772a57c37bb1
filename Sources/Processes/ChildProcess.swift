internal import CSpawn
import Dispatch
import Glibc
import Synchronization

/// A program that was started, until it has ended.
///
/// It starts with every signal at its default and none blocked: a child inherits the mask of the thread that starts it,
/// and the threads of Swift's concurrency runtime block nearly all signals, so that neither SIGINT from Ctrl-C nor
/// SIGTERM would reach it. Of this process's files it has those that it is given.
package final class ChildProcess: Sendable {
  /// Why no process was started, in the system's words.
  package struct StartFailure: Error, CustomStringConvertible {
    package let description: String
  }

  /// Where a standard file of the child comes from or goes to.
  package enum File: Sendable {
    /// Nothing to read; what is written is lost.
    case null
    /// This process's own file with this number.
    case descriptor(Int32)
  }

  private enum State {
    case running
    case ended(Int32)
  }

  /// The process id. It is the child's for as long as ``isRunning``.
  package let id: Int32
  private let state = Mutex(State.running)
  private let end = DispatchGroup()

  /// - Parameters:
  ///   - words: The path of the program, and its arguments.
  ///   - environment: By name; nil for this process's.
  ///   - folder: Where it runs; nil for where this process does.
  package init(
    _ words: [String], environment: [String: String]? = nil, in folder: String? = nil, input: File = .null,
    output: File, error: File
  ) throws(StartFailure) {
    var start = try ChildStart()
    try start.files([input, output, error])
    if let folder { try start.folder(folder) }
    id = try start.run(words, environment: environment)
    end.enter()
    // A queue of its own, since it waits for as long as the child runs.
    DispatchQueue(label: "child process \(id)").async { [self] in waitForEnd() }
  }

  private func waitForEnd() {
    var information = siginfo_t()
    while waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    // The id is free for another process once it has been waited for: no signal may be sent to it in between.
    state.withLock { state in
      var status: Int32 = 0
      while waitpid(id, &status, 0) < 0, errno == EINTR {}
      let signal = status & 0x7f
      state = .ended(signal == 0 ? (status >> 8) & 0xff : signal)
    }
    end.leave()
  }

  package var isRunning: Bool { if case .running = state.withLock({ $0 }) { true } else { false } }

  /// Sends a signal to the child, if it is still running.
  /// - Returns: whether it was.
  @discardableResult package func send(_ signal: Int32) -> Bool {
    state.withLock { state in
      guard case .running = state else { return false }
      return kill(id, signal) == 0
    }
  }

  /// Waits for the end, on a thread that may wait.
  /// - Returns: the exit code, or the number of the signal that ended it.
  package func waitUntilEnd() -> Int32 {
    end.wait()
    return status
  }

  /// Waits for the end.
  /// - Returns: the exit code, or the number of the signal that ended it.
  package func untilEnd() async -> Int32 {
    await withCheckedContinuation { continuation in
      end.notify(queue: .global()) { continuation.resume() }
    }
    return status
  }

  private var status: Int32 { if case .ended(let status) = state.withLock({ $0 }) { status } else { 0 } }
}
