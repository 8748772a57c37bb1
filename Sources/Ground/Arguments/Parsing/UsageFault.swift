import Text

/// What is wrong with a command line.
enum UsageFault: Error {
  case invalidName(String)
  case unknownName(Name)
  case missingValue(ArgumentDefinition, Name, packed: String?)
  case needlessValue(Name, String)
  case secondValue(ArgumentDefinition, Name, String, String)
  case invalidValue(ArgumentDefinition, Name?, String)
  case missing(ArgumentDefinition)
  case unexpected([String])
  /// A word where a subcommand is expected, and all subcommands.
  case unknownCommand(String, among: [String])
  case unsupportedShell(String?)

  /// - Parameter definitions: what the command has, for names that are near.
  func message(_ definitions: [ArgumentDefinition]) -> String {
    switch self {
    case .invalidName(let text): "Invalid option: \(text)"
    case .unknownName(let name): Self.unknown(name, definitions)
    case .missingValue(let definition, let name, nil): "Missing value for '\(definition.synopsis(as: name))'"
    case .missingValue(let definition, let name, let packed?):
      """
      \(Self.unknown(.packed(packed), definitions))
         or: Missing value for '\(definition.synopsis(as: name))' in '-\(packed)'
      """
    case .needlessValue(let name, let value):
      "The option '\(name)' does not take any value, but '\(value)' was specified."
    case .secondValue(let definition, let name, let first, let second):
      "The option '\(definition.synopsis(as: name))' takes one value, but '\(first)' and '\(second)' were specified."
    case .invalidValue(let definition, let name, let value):
      "The value '\(value)' is invalid for '\(definition.synopsis(as: name))'\(Self.choice(definition.values))"
    case .missing(let definition): "Missing expected argument '\(definition.requiredSynopsis)'"
    case .unexpected(let words):
      words.count == 1
        ? "Unexpected argument '\(words[0])'\(Self.optionForFile(words[0], definitions))"
        : "\(words.count) unexpected arguments: '\(words.joined(separator: "', '"))'"
    case .unknownCommand(let word, let known): Self.unknownCommand(word, known)
    case .unsupportedShell(let name):
      """
      \(name.map { "Can't generate completion scripts for '\($0)'." } ?? "Can't autodetect a supported shell.")
      Please use --generate-completion-script=<shell> with one of:
          \(Shell.allCases.map(\.rawValue).joined(separator: " "))
      """
    }
  }

  /// The argument in question and what its help says; nil if the fault is about no argument.
  var help: String? {
    switch self {
    case .missingValue(let definition, let name, nil), .secondValue(let definition, let name, _, _):
      "\(definition.synopsis(as: name))  \(definition.help.abstract)"
    case .invalidValue(let definition, let name, _):
      "\(definition.synopsis(as: name))  \(definition.help.abstract)"
    case .missing(let definition):
      "\(definition.synopsis(as: definition.names.first))  \(definition.help.abstract)"
    default: nil
    }
  }

  /// A word that looks like a file's name was probably meant for the option that takes the command's file.
  private static func optionForFile(_ word: String, _ definitions: [ArgumentDefinition]) -> String {
    let names = definitions.flatMap(\.names)
    guard word.contains(".") || word.contains("/"),
      let name = [Name.long("file"), .long("config")].first(where: names.contains)
    else { return "" }
    return ". Did you mean '\(name) \(word)'?"
  }

  private static func unknown(_ name: Name, _ definitions: [ArgumentDefinition]) -> String {
    let message = "Unknown option '\(name)'"
    if case .short = name { return message }
    let near = definitions.flatMap(\.names).filter(\.isLong)
      .map { (name: $0, distance: "\($0)".edits(to: "\(name)")) }
      .filter { $0.distance < 4 }.min { $0.distance < $1.distance }
    return near.map { "\(message). Did you mean '\($0.name)'?" } ?? message
  }

  private static func unknownCommand(_ word: String, _ known: [String]) -> String {
    let near = known.map { (name: $0, distance: word.edits(to: $0)) }.min { $0.distance < $1.distance }
    // A third of the word may differ: of short words nothing else can be guessed.
    guard let near, near.distance <= max(1, max(word.count, near.name.count) / 3) else {
      return "Unknown command '\(word)'"
    }
    return "Unknown command '\(word)'. Did you mean '\(near.name)'?"
  }

  private static func choice(_ values: [String]) -> String {
    guard !values.isEmpty else { return "" }
    guard values.count < 6 else {
      return ". Please provide one of the following:\n" + values.map { "  - \($0)" }.joined(separator: "\n")
    }
    let quoted = values.map { "'\($0)'" }
    let list =
      quoted.count <= 2
      ? quoted.joined(separator: " and ")
      : "\(quoted.dropLast().joined(separator: ", ")) or \(quoted[quoted.count - 1])"
    return ". Please provide one of \(list)."
  }
}
