/// A group of arguments, or a command: a struct whose properties are wrapped by ``Option``, ``Flag``, ``Argument`` and
/// ``OptionGroup``. Other stored properties need a value.
package protocol ParsableArguments: Sendable {
  /// Makes an instance that holds its defaults. The parser makes one to learn the arguments, and fills it.
  init()

  /// Looks at the values together, once all of them are known.
  /// - Throws: ``ValidationError``.
  func validate() throws
}

extension ParsableArguments {
  package func validate() throws {}
}

/// A verb of the command line.
package protocol ParsableCommand: ParsableArguments {
  static var configuration: CommandConfiguration { get }

  /// Does what the command is for. A command that says nothing else prints its help.
  mutating func run() throws
}

extension ParsableCommand {
  package mutating func run() throws { throw CleanExit.helpRequest(Self.self) }
}

/// A verb whose work waits for others.
package protocol AsyncParsableCommand: ParsableCommand {
  mutating func run() async throws
}

extension AsyncParsableCommand {
  package mutating func run() async throws { throw CleanExit.helpRequest(Self.self) }
}

/// What a command is called and says about itself.
package struct CommandConfiguration: Sendable {
  package var commandName: String
  /// One sentence.
  package var abstract: String
  /// Paragraphs that follow it in the command's own help; lines are wrapped, and their ends kept.
  package var discussion: String
  /// The text that `--version` prints, also for subcommands; empty for no such flag.
  package var version: String
  package var subcommands: [any ParsableCommand.Type]
  /// The one that is meant where none is named.
  package var defaultSubcommand: (any ParsableCommand.Type)?
  /// Examples of a root's subcommands, by the names after the root's: `["certs issue": …]`.
  package var examples: [String: [CommandExample]]
  /// What exit code 2 of a root's subcommands means, by the names after the root's.
  package var actionNeeded: [String: String]
  /// Whether `--help` belongs to its arguments.
  var hasHelp = true

  package init(
    commandName: String, abstract: String = "", discussion: String = "", version: String = "",
    examples: [String: [CommandExample]] = [:], actionNeeded: [String: String] = [:],
    subcommands: [any ParsableCommand.Type] = [], defaultSubcommand: (any ParsableCommand.Type)? = nil
  ) {
    self.commandName = commandName
    self.abstract = abstract
    self.discussion = discussion
    self.version = version
    self.examples = examples
    self.actionNeeded = actionNeeded
    self.subcommands = subcommands
    self.defaultSubcommand = defaultSubcommand
  }
}

/// A command line, and what it does.
package struct CommandExample: Hashable, Sendable, Encodable {
  package let command: String
  /// A few words.
  package let meaning: String

  package init(_ command: String, _ meaning: String) {
    self.command = command
    self.meaning = meaning
  }
}
