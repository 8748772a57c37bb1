import Arguments
import Dispatch
import Glibc

extension AsyncParsableCommand {
  /// Runs the program whose root command this is, and ends the process: with 1 after an error or if standard output did
  /// not take the whole result, with 64 after wrong usage, and with the code that a verb chooses.
  /// - Parameter arguments: without the program's name; nil for the process's own.
  package static func runAsProgram(_ arguments: [String]? = nil) -> Never {
    // The reader of our output may close it early: the next write then fails, and no signal ends the process.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot(arguments)
      // What waits for nothing, such as `--version`, starts no other thread.
      guard let waiting = command as? any AsyncParsableCommand else {
        try command.run()
        end()
      }
      // The root ends it: a complaint about the usage names the program and not the verb alone.
      Task { await waiting.runToTheEnd { Self.end(after: $0) } }
    } catch {
      end(after: error)
    }
    dispatchMain()
  }

  private func runToTheEnd(_ fail: @Sendable (any Error) -> Never) async -> Never {
    do {
      var command = self
      try await command.run()
    } catch {
      fail(error)
    }
    Self.end()
  }

  private static func end() -> Never {
    checkOutput()
    Glibc.exit(0)
  }

  private static func end(after error: any Error) -> Never {
    if let error = error as? any CommandLineError {
      checkOutput()
      exit(withError: error)
    }
    Console.note(CommandError(error).text(Console.errorStyle))
    Glibc.exit(1)
  }

  /// Ends the process if standard output did not take all.
  private static func checkOutput() {
    do { try Console.checkOutput() } catch {
      Console.note(CommandError(error).text(Console.errorStyle))
      Glibc.exit(1)
    }
  }
}
