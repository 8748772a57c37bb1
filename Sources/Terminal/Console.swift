import FoundationEssentials
import Glibc
import Printing
import Synchronization
import Text

/// Results go to standard output, everything else to standard error. Colour and progress appear only on
/// terminals.
package enum Console {
  package static let style = Style(isColoured: isTerminal(STDOUT_FILENO) && wantsColour, width: width)
  package static let errorStyle = Style(isColoured: isTerminal(STDERR_FILENO) && wantsColour)

  /// Text of others, such as names in etcd, cannot send escape sequences to the terminal.
  package static func out(_ text: String) { write(TerminalText.safe(text) + "\n", to: STDOUT_FILENO) }

  /// A line on standard error.
  package static func note(_ text: String) {
    clearProgress()
    write(TerminalText.safe(text) + "\n", to: STDERR_FILENO)
  }

  /// A line that the next one replaces; prints nothing if standard error is not a terminal, or a dumb one.
  package static func progress(_ text: String) {
    guard isTerminal(STDERR_FILENO), !isDumb else { return }
    hasProgress.withLock { $0 = true }
    write("\r\u{1b}[K\(TerminalText.safe(String(text.prefix(100))))", to: STDERR_FILENO)
  }

  package static func clearProgress() {
    guard
      hasProgress.withLock({
        let had = $0
        $0 = false
        return had
      })
    else { return }
    write("\r\u{1b}[K", to: STDERR_FILENO)
  }

  /// Asks a question; true only for the answer `yes`. False without a terminal.
  package static func confirms(_ question: String) -> Bool {
    guard isTerminal(STDIN_FILENO), isTerminal(STDERR_FILENO) else { return false }
    write("\(TerminalText.safe(question)) Type 'yes' to go on: ", to: STDERR_FILENO)
    return readLine() == "yes"
  }

  package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// The width of the terminal that standard output is, in characters; nil if it is not a terminal.
  private static var width: Int? {
    var size = winsize()
    guard isTerminal(STDOUT_FILENO), ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0
    else { return nil }
    return Int(size.ws_col)
  }

  /// Writes all bytes, in as many calls as necessary. If standard output takes no more, the rest is dropped; see
  /// ``checkOutput()``.
  package static func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else {
        let code = written == 0 ? EIO : errno
        if descriptor == STDOUT_FILENO { outputFault.withLock { $0 = $0 ?? code } }
        return
      }
      rest = rest.dropFirst(written)
    }
  }

  /// - Throws: ``CommandError`` if a result could not be written to standard output as a whole. A reader that has closed it,
  ///   such as `head`, wanted no more.
  package static func checkOutput() throws {
    guard let code = outputFault.withLock({ $0 }), code != EPIPE else { return }
    throw CommandError(
      "cannot write to standard output: \(String(cString: strerror(code))); the result there is not complete",
      hint: "make room, and run the command again: what it changed is changed")
  }

  /// The first error of a write to standard output; nil if each succeeded.
  private static let outputFault = Mutex<Int32?>(nil)

  private static let hasProgress = Mutex(false)

  /// Whether the terminal understands no escape sequences.
  private static var isDumb: Bool { ProcessInfo.processInfo.environment["TERM"] == "dumb" }

  /// Whether to use colour: the convention of no-color.org, and not on dumb terminals.
  private static var wantsColour: Bool {
    let environment = ProcessInfo.processInfo.environment
    return (environment["NO_COLOR"] ?? "").isEmpty && !isDumb
  }
}

extension Console {
  /// Prints a result in the requested format.
  package static func out(_ report: some TextReport, _ option: OutputOption) throws {
    try out(report, option.output)
  }

  package static func out(_ report: some TextReport, _ format: OutputOption.Format) throws {
    switch format {
    case .text:
      var pending = ""
      report.write(style) { piece in
        pending += piece + "\n"
        guard pending.utf8.count > 65_536 else { return }
        write(TerminalText.safe(pending), to: STDOUT_FILENO)
        pending = ""
      }
      write(TerminalText.safe(pending), to: STDOUT_FILENO)
    case .json: out(try JSON.text(report))
    }
  }
}
