import FoundationEssentials

/// The tree of commands as JSON, for programs that make manuals of it: the names and forms of swift-argument-parser's
/// ToolInfoV0, https://github.com/apple/swift-argument-parser/blob/main/Sources/ArgumentParserToolInfo/ToolInfo.swift.
struct CommandTree: Encodable {
  struct Command: Encodable {
    var superCommands: [String]?
    var shouldDisplay = true
    var commandName: String
    var abstract: String?
    var discussion: String?
    var defaultSubcommand: String?
    /// Not in ToolInfoV0, whose readers pass it over.
    var examples: [CommandExample]?
    /// Not in ToolInfoV0 either: what exit code 2 means.
    var actionNeeded: String?
    var subcommands: [Command]?
    var arguments: [Argument]?
  }

  struct Argument: Encodable {
    struct Name: Encodable {
      var kind: String
      var name: String
    }

    struct Completion: Encodable {
      struct Values: Encodable { var values: [String] }
      var list: Values
    }

    var kind: String
    var shouldDisplay = true
    var sectionTitle: String?
    var isOptional: Bool
    var isRepeating: Bool
    var parsingStrategy = "default"
    var names: [Name]?
    var preferredName: Name?
    var valueName: String
    var defaultValue: String?
    var allValues: [String]?
    var completionKind: Completion?
    var abstract: String?
  }

  var serializationVersion = 0
  var command: Command

  /// - Parameter path: to the command at the top of the tree.
  init(_ path: CommandPath) {
    command = Command(path)
    command.subcommands = (command.subcommands ?? []) + [Command(path.appending(HelpCommand.self))]
  }

  /// Indented, with the keys in order.
  func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}

extension CommandTree.Command {
  fileprivate init(_ path: CommandPath) {
    let configuration = path.configuration
    let above = path.names.dropLast()
    superCommands = above.isEmpty ? nil : Array(above)
    commandName = configuration.commandName
    abstract = configuration.abstract.nonEmpty
    discussion = configuration.discussion.nonEmpty
    examples = path.examples.nonEmpty
    actionNeeded = path.actionNeeded
    defaultSubcommand = configuration.defaultSubcommand?.configuration.commandName
    subcommands = configuration.subcommands.map { Self(path.appending($0)) }.nonEmpty
    arguments = path.definitions().map(CommandTree.Argument.init).nonEmpty
  }
}

extension CommandTree.Argument {
  fileprivate init(_ definition: ArgumentDefinition) {
    kind =
      switch definition.kind {
      case .flag: "flag"
      case .option: "option"
      case .positional: "positional"
      }
    sectionTitle = definition.section
    isOptional = definition.isOptional
    isRepeating = definition.isRepeating
    names = definition.names.map(Name.init).nonEmpty
    preferredName = definition.preferredName.map(Name.init)
    valueName = definition.valueName
    defaultValue = definition.defaultText
    allValues = definition.values.nonEmpty
    completionKind = allValues.map { Completion(list: .init(values: $0)) }
    abstract = definition.help.abstract.nonEmpty
  }
}

extension CommandTree.Argument.Name {
  fileprivate init(_ name: Name) {
    kind = name.isLong ? "long" : "short"
    self.name = name.text
  }
}

extension Collection {
  /// Itself, or nil where there is nothing in it.
  fileprivate var nonEmpty: Self? { isEmpty ? nil : self }
}
