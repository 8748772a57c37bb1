import Text

/// A shell that a completion script can be made for.
enum Shell: String, CaseIterable, Sendable {
  case zsh, bash, fish

  /// - Parameter root: the program's command.
  func script(for root: CommandPath) -> String {
    let commands = root.completions
    return switch self {
    case .bash: BashCompletion(commands: commands).script
    case .zsh: ZshCompletion(commands: commands).script
    case .fish: FishCompletion(commands: commands).script
    }
  }
}

/// What may follow a command's name.
struct CompletedCommand: Sendable {
  /// With those above it: `bulkhead`, `certs`, `issue`.
  var names: [String]
  var abstract: String
  var subcommands: [CompletedCommand]
  /// With the options of the subcommand that is meant where none is named.
  var definitions: [ArgumentDefinition]

  var path: String { names.joined(separator: " ") }
  var name: String { names[names.count - 1] }
  var named: [ArgumentDefinition] { definitions.filter { $0.kind != .positional } }
  var positional: [ArgumentDefinition] { definitions.filter { $0.kind == .positional } }

  /// Itself and all below it.
  var all: [CompletedCommand] { [self] + subcommands.flatMap(\.all) }
}

extension CommandPath {
  var completions: CompletedCommand {
    let meant = configuration.defaultSubcommand.map { appending($0).definitions() } ?? []
    var own = definitions()
    if current == HelpCommand.self, let root = commands.first {
      // Of the names that may follow, those of the first command.
      let names = root.configuration.subcommands.map { $0.configuration.commandName }
      for index in own.indices where own[index].kind == .positional { own[index].values = names }
    }
    let known = Set(own.flatMap(\.names))
    return CompletedCommand(
      names: names, abstract: configuration.abstract,
      subcommands: subcommands.map { appending($0).completions },
      definitions: meant.filter { $0.kind != .positional && known.isDisjoint(with: $0.names) } + own)
  }
}

extension String {
  /// In single quotes, for bash and zsh.
  var shellQuoted: String { ShellWord.posix(self) }

  /// Letters, digits and underscores, for the name of a function.
  var functionName: String { String(map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }) }
}
