import Arguments
import Glibc

extension AsyncParsableCommand {
  /// Runs the program whose root command this is. Ends the process with 1 after an error or if
  /// standard output took not all, with 64 after wrong usage, and
  /// with the code that a verb chooses; returns where the verb was done.
  /// - Parameter arguments: without the program's name; nil for the process's own.
  package static func runAsProgram(_ arguments: [String]? = nil) async {
    // The reader of our output may close it early: the next write then fails, and no signal ends the process.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      try Console.checkOutput()
    } catch let error as any CommandLineError {
      do { try Console.checkOutput() } catch {
        Console.note(CommandError(error).text(Console.errorStyle))
        Glibc.exit(1)
      }
      exit(withError: error)
    } catch {
      Console.note(CommandError(error).text(Console.errorStyle))
      Glibc.exit(1)
    }
  }
}
