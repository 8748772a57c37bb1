import Arguments
import Log

/// The form of log lines on standard error.
package struct LogOption: ParsableArguments {
  @Option(help: "The form of the log lines on standard error.")
  package var logFormat = LogFormat.text

  package init() {}
}

extension LogFormat: ExpressibleByArgument {}
