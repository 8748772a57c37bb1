import Glibc

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
    guard
      let child = try? ChildProcess(
        words, environment: environment, output: .descriptor(STDERR_FILENO), error: .descriptor(STDERR_FILENO)
      )
    else { return "cannot be started" }
    let timer = Task {
      try await Task.sleep(for: limit)
      return child.send(SIGKILL)
    }
    let status = await child.untilEnd()
    timer.cancel()
    if (try? await timer.value) == true { return "was killed after \(limit.components.seconds) seconds" }
    return status == 0 ? nil : "ended with status \(status)"
  }
}
