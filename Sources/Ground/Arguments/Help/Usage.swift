extension CommandPath {
  /// How the command is called, in one line: `bulkhead plan [--full] [--file <file>]`.
  var usage: String {
    // What every command has is not told each time.
    let definitions = current.init().definitions().filter { !$0.help.isHidden }
    // Of many, those without which it does not work, and those without a name.
    let needed = definitions.filter { !$0.isOptional || $0.kind == .positional }
    let told: [String] =
      switch (definitions.count, needed.count) {
      case (...12, _): definitions.map(\.usage)
      case (_, 1...12): ["[<options>]"] + needed.map(\.usage)
      default: ["<options>"]
      }
    return (names + told + (configuration.subcommands.isEmpty ? [] : ["<subcommand>"])).joined(separator: " ")
  }

  /// The usage and where to read more, as it follows a complaint.
  var usageHint: String {
    let usage = "Usage: \(usage)"
    guard let name = helpNames.first(where: \.isLong) else { return usage }
    return "\(usage)\n  See '\(names.joined(separator: " ")) \(name)' for more information."
  }
}
