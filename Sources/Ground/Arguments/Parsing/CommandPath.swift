/// A command with those above it, the root first.
struct CommandPath: Sendable {
  let commands: [any ParsableCommand.Type]

  init(_ root: any ParsableCommand.Type) { commands = [root] }
  private init(commands: [any ParsableCommand.Type]) { self.commands = commands }

  var current: any ParsableCommand.Type { commands[commands.count - 1] }
  var configuration: CommandConfiguration { current.configuration }
  var isRoot: Bool { commands.count == 1 }
  var names: [String] { commands.map { $0.configuration.commandName } }

  func appending(_ command: any ParsableCommand.Type) -> CommandPath {
    CommandPath(commands: commands + [command])
  }

  /// The subcommands, with the one that a root has beside those it names.
  var subcommands: [any ParsableCommand.Type] {
    let own = configuration.subcommands
    return isRoot && !own.isEmpty ? own + [HelpCommand.self] : own
  }

  func subcommand(named name: String) -> CommandPath? {
    subcommands.first { $0.configuration.commandName == name }.map(appending)
  }

  /// The examples that the root has of this command.
  var examples: [CommandExample] {
    commands[0].configuration.examples[names.dropFirst().joined(separator: " ")] ?? []
  }

  /// What the root says that exit code 2 of this command means; nil if it never ends with that.
  var actionNeeded: String? {
    commands[0].configuration.actionNeeded[names.dropFirst().joined(separator: " ")]
  }

  /// As far down as the names lead.
  func descending(by names: [String]) -> CommandPath {
    guard let name = names.first, let next = subcommand(named: name) else { return self }
    return next.descending(by: Array(names.dropFirst()))
  }

  /// What `--version` prints: the nearest version; nil if no command has one.
  var version: String? { commands.map { $0.configuration.version }.last { !$0.isEmpty } }

  var helpNames: [Name] { configuration.hasHelp ? [.short("h"), .long("help")] : [] }

  /// The arguments, and the flags that every command has.
  func definitions() -> [ArgumentDefinition] {
    var definitions = current.init().definitions().filter { !$0.help.isHidden }
    if version != nil { definitions.append(.builtIn([.long("version")], "Show the version.")) }
    if !helpNames.isEmpty { definitions.append(.builtIn(helpNames, "Show help information.")) }
    return definitions
  }
}

extension ArgumentDefinition {
  fileprivate static func builtIn(_ names: [Name], _ help: ArgumentHelp) -> ArgumentDefinition {
    ArgumentDefinition(
      kind: .flag(names), help: help, property: names.last?.text ?? "", isOptional: true, store: { _ in true }
    )
  }
}

/// `help`, which every root with subcommands has.
struct HelpCommand: ParsableCommand {
  static let configuration: CommandConfiguration = {
    var configuration = CommandConfiguration(
      commandName: "help", abstract: "Show subcommand help information.")
    configuration.hasHelp = false
    return configuration
  }()

  private static let hidden: ArgumentHelp = {
    var help = ArgumentHelp()
    help.isHidden = true
    return help
  }()

  @Argument var subcommands: [String] = []
  @Flag(name: [.short, .long], help: Self.hidden) var help = false
}
