/// Goes down from the root to the command that is meant, and fills its arguments.
struct CommandParser {
  private var path: CommandPath
  private var words: Words

  /// - Parameters:
  ///   - arguments: without the program's name.
  ///   - shell: the user's, for a completion script.
  /// - Throws: ``ParsingEnd``
  static func parse(
    _ root: any ParsableCommand.Type, _ arguments: [String], shell: String?
  ) throws(ParsingEnd) -> any ParsableCommand {
    let path = CommandPath(root)
    let words: Words
    do throws(UsageFault) { words = try Words(arguments) } catch {
      throw ParsingEnd(path: path, cause: .wrongUsage(error))
    }
    var parser = CommandParser(path: path, words: words)
    try parser.checkForCompletionScript(shell)
    return try parser.descend()
  }

  private mutating func descend() throws(ParsingEnd) -> any ParsableCommand {
    while true {
      let command = try parseCurrent()
      if let first = words.all.first(where: { !$0.isUsed }), case .value(let name) = first.content,
        let next = path.subcommand(named: name)
      {
        words.useFirst()
        path = next
      } else if let standard = path.configuration.defaultSubcommand {
        if words.isOne { try checkForBuiltIns() }
        path = path.appending(standard)
      } else {
        try checkForBuiltIns()
        try checkForRest()
        guard let help = command as? HelpCommand else { return command }
        throw ParsingEnd(path: CommandPath(path.commands[0]).descending(by: help.subcommands), cause: .help)
      }
    }
  }

  private mutating func parseCurrent() throws(ParsingEnd) -> any ParsableCommand {
    let command = path.current.init()
    var parser = ArgumentParser(command.definitions())
    do throws(UsageFault) { try parser.fill(from: &words) } catch {
      throw ParsingEnd(path: path, cause: .wrongUsage(error))
    }
    do {
      try parser.check(command)
      try command.validate()
    } catch {
      // Who asks for help need not give what is missing.
      try checkForBuiltIns()
      throw ParsingEnd(path: path, cause: (error as? UsageFault).map { .wrongUsage($0) } ?? .refused(error))
    }
    return command
  }

  private func checkForBuiltIns() throws(ParsingEnd) {
    if words.contains(path.helpNames) { throw ParsingEnd(path: path, cause: .help) }
    if words.contains([.long("experimental-dump-help")]) { throw ParsingEnd(path: path, cause: .treeAsJSON) }
    if path.version != nil, words.contains([.long("version")]) {
      throw ParsingEnd(path: path, cause: .version)
    }
  }

  private func checkForRest() throws(ParsingEnd) {
    let rest = words.rest
    for index in rest {
      guard case .name(let name, _) = words.all[index].content else { continue }
      throw ParsingEnd(path: path, cause: .wrongUsage(.unknownName(name)))
    }
    if let first = rest.first, !path.configuration.subcommands.isEmpty {
      throw ParsingEnd(
        path: path,
        cause: .wrongUsage(
          .unknownCommand(words.text(at: first), among: path.subcommands.map { $0.configuration.commandName })
        ))
    }
    guard rest.isEmpty else {
      throw ParsingEnd(path: path, cause: .wrongUsage(.unexpected(rest.map(words.text))))
    }
  }

  /// `--generate-completion-script`, wherever it stands, with the shell's name or without.
  private func checkForCompletionScript(_ shell: String?) throws(ParsingEnd) {
    let name = Name.long("generate-completion-script")
    var words = words
    for index in words.all.indices {
      guard case .name(name, let value) = words.all[index].content else { continue }
      let wanted = value ?? words.takeValue(after: index)
      guard let found = Shell(rawValue: wanted ?? shell?.split(separator: "/").last.map(String.init) ?? "")
      else {
        throw ParsingEnd(path: path, cause: .wrongUsage(.unsupportedShell(wanted)))
      }
      throw ParsingEnd(path: path, cause: .completionScript(found))
    }
  }
}

extension Words {
  /// Whether all that is left is one word.
  fileprivate var isOne: Bool { Set(rest.map { all[$0].position }).count == 1 }

  fileprivate mutating func useFirst() {
    if let index = all.firstIndex(where: { !$0.isUsed }) { use(index) }
  }
}
