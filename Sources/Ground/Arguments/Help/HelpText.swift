/// A command's help.
struct HelpText {
  private let path: CommandPath
  private let width: Int

  private static let labelColumns = 26

  /// - Parameter width: of the terminal, in letters.
  init(_ path: CommandPath, width: Int) {
    self.path = path
    self.width = width
  }

  /// As it is printed, but for the last line feed.
  var text: String {
    let configuration = path.configuration
    let overview = [configuration.abstract, configuration.discussion].filter { !$0.isEmpty }
    var parts: [String] = []
    if !overview.isEmpty {
      parts.append("OVERVIEW: \(overview.joined(separator: "\n\n"))".wrapped(to: width) + "\n")
    }
    parts.append("USAGE: \(path.usage)\n")
    parts += [section("Examples", path.examples.map(entry))].compactMap { $0 }
    if let meaning = path.actionNeeded { parts.append("EXIT CODE 2: \(meaning)".wrapped(to: width) + "\n") }
    parts += sections
    if !configuration.subcommands.isEmpty {
      let names = ([path.names[0], "help"] + path.names.dropFirst()).joined(separator: " ")
      parts.append("  See '\(names) <subcommand>' for detailed help.")
    }
    return parts.joined(separator: "\n")
  }

  /// Arguments without names, titled groups, the other arguments, subcommands.
  private var sections: [String] {
    let definitions = path.definitions()
    var titles: [String] = []
    for case let title? in definitions.map(\.section) where !titles.contains(title) { titles.append(title) }
    let untitled = definitions.filter { $0.section == nil }
    return [
      section("Arguments", untitled.filter { $0.kind == .positional }.map(entry))
    ].compactMap { $0 }
      + titles.compactMap { title in section(title, definitions.filter { $0.section == title }.map(entry)) }
      + [
        section("Options", untitled.filter { $0.kind != .positional }.map(entry)),
        section("Subcommands", path.configuration.subcommands.map(entry)),
      ].compactMap { $0 }
  }

  /// Nil where there is nothing in it.
  private func section(_ title: String, _ entries: [String]) -> String? {
    entries.isEmpty ? nil : "\(title.uppercased()):\n\(entries.map { $0 + "\n" }.joined())"
  }

  private func entry(_ definition: ArgumentDefinition) -> String {
    let label =
      switch definition.kind {
      case .positional: definition.synopsis(as: nil)
      case .flag: joined(definition.names)
      case .option: "\(joined(definition.names)) <\(definition.valueName)>"
      }
    let values = definition.values.joined(separator: ", ")
    let remarks = [
      values.isEmpty ? nil : "values: \(values)",
      definition.defaultText.flatMap { $0.isEmpty ? nil : "default: \($0)" },
    ].compactMap { $0 }
    return entry(
      label,
      [definition.help.abstract, remarks.isEmpty ? "" : "(\(remarks.joined(separator: "; ")))"]
        .filter { !$0.isEmpty }.joined(separator: " "))
  }

  /// The command, which can be copied as a line, below what it does.
  private func entry(_ example: CommandExample) -> String {
    "  # \(example.meaning)\n  \(example.command)"
  }

  private func entry(_ command: any ParsableCommand.Type) -> String {
    let isDefault = path.configuration.defaultSubcommand.map { $0 == command } ?? false
    return entry(
      command.configuration.commandName + (isDefault ? " (default)" : ""), command.configuration.abstract)
  }

  /// A label and a text in a second column: beside the label if it is short, else below it.
  private func entry(_ label: String, _ text: String) -> String {
    let label = "  " + label
    guard !text.isEmpty else { return label }
    let column = text.wrapped(to: width, indent: Self.labelColumns)
    return label.count < Self.labelColumns ? label + column.dropFirst(label.count) : "\(label)\n\(column)"
  }

  /// Short names before long ones.
  private func joined(_ names: [Name]) -> String {
    (names.filter { !$0.isLong } + names.filter(\.isLong)).map { "\($0)" }.joined(separator: ", ")
  }
}
