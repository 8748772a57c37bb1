/// An error that ``ParsableCommand/exit(withError:)`` knows how to tell: wrong usage, a request for help, or a chosen
/// exit code. What else a command throws is for the program.
package protocol CommandLineError: Error {}

/// Values that do not go together, or that are out of range: wrong usage, exit code 64.
package struct ValidationError: CommandLineError, Equatable {
  package let message: String
  package init(_ message: String) { self.message = message }
}

/// Ends the program with a code and without a word.
package struct ExitCode: CommandLineError, Equatable {
  package static let success = ExitCode(0)
  /// `EX_USAGE` of sysexits.h.
  package static let wrongUsage = ExitCode(64)

  package let rawValue: Int32
  package init(_ code: Int32) { rawValue = code }
}

/// Ends the program with code 0 after printing something.
package struct CleanExit: CommandLineError {
  let command: any ParsableCommand.Type

  /// Prints the command's help.
  package static func helpRequest(_ command: any ParsableCommand.Type) -> CleanExit {
    CleanExit(command: command)
  }
}

/// What parsing ends with where it gives no command.
struct ParsingEnd: CommandLineError {
  enum Cause {
    case help
    case treeAsJSON
    case version
    case completionScript(Shell)
    case wrongUsage(UsageFault)
    /// What a command's `validate` threw.
    case refused(any Error)
  }

  /// The commands down to the one that was meant.
  var path: CommandPath
  var cause: Cause
}
