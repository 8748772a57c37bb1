import Glibc

extension ParsableCommand {
  /// Parses the words of the command line from this command downwards.
  /// - Parameter arguments: without the program's name; nil for the process's own, where bytes that are not UTF-8 become
  ///   U+FFFD.
  /// - Throws: a ``CommandLineError`` for ``exit(withError:)``.
  package static func parseAsRoot(_ arguments: [String]? = nil) throws -> any ParsableCommand {
    try CommandParser.parse(
      self, arguments ?? Array(CommandLine.arguments.dropFirst()),
      shell: getenv("SHELL").map { String(cString: $0) })
  }

  /// Prints what belongs to the error, and ends the process: help and the like go to standard output, a complaint about
  /// the usage to standard error.
  /// - Parameter error: of ``parseAsRoot(_:)`` or of a command's `run`.
  package static func exit(withError error: any Error) -> Never {
    let ending = Ending(error, root: self, width: Terminal.width)
    if !ending.text.isEmpty {
      let fault = Terminal.write(
        ending.text + "\n", to: ending.code == .success ? STDOUT_FILENO : STDERR_FILENO)
      // A reader that has closed it, such as `head`, wanted no more.
      if ending.code == .success, let fault, fault != EPIPE {
        let words = String(cString: strerror(fault))
        _ = Terminal.write("error: cannot write to standard output: \(words)\n", to: STDERR_FILENO)
        Glibc.exit(1)
      }
    }
    Glibc.exit(ending.code.rawValue)
  }
}

/// How the program ends for an error: what it prints and its exit code.
struct Ending {
  var text: String
  var code: ExitCode

  /// - Parameter width: of the terminal, for help.
  init(_ error: any Error, root: any ParsableCommand.Type, width: Int) {
    switch error {
    case let end as ParsingEnd: self.init(end, root: root, width: width)
    case let error as ValidationError: self.init(error.message, CommandPath(root))
    case let code as ExitCode: self.init(text: "", code: code)
    case let exit as CleanExit:
      let path = CommandPath(root).search(for: exit.command) ?? CommandPath(root)
      self.init(text: HelpText(path, width: width).text, code: .success)
    default: self.init(text: "Error: \(error)", code: ExitCode(1))
    }
  }

  private init(text: String, code: ExitCode) {
    self.text = text
    self.code = code
  }

  /// A complaint about a command's usage.
  private init(_ message: String, _ path: CommandPath, help: String? = nil) {
    let lines = ["Error: \(message)", help.map { "Help:  \($0)" }, path.usageHint]
    self.init(text: lines.compactMap { $0 }.joined(separator: "\n"), code: .wrongUsage)
  }

  private init(_ end: ParsingEnd, root: any ParsableCommand.Type, width: Int) {
    switch end.cause {
    case .help: self.init(text: HelpText(end.path, width: width).text, code: .success)
    case .version: self.init(text: end.path.version ?? "", code: .success)
    case .treeAsJSON:
      do {
        self.init(text: try CommandTree(end.path).text(), code: .success)
      } catch {
        self.init(text: "Error: \(error)", code: ExitCode(1))
      }
    case .completionScript(let shell): self.init(text: shell.script(for: CommandPath(root)), code: .success)
    case .wrongUsage(let fault):
      self.init(fault.message(end.path.current.init().definitions()), end.path, help: fault.help)
    case .refused(let error as ValidationError): self.init(error.message, end.path)
    case .refused(let error): self.init(error, root: root, width: width)
    }
  }
}

extension CommandPath {
  /// The way from here to a command; nil where it is not below.
  fileprivate func search(for command: any ParsableCommand.Type) -> CommandPath? {
    if current == command { return self }
    return configuration.subcommands.lazy.compactMap { appending($0).search(for: command) }.first
  }
}
