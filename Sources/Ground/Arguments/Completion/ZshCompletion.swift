/// Completion for zsh: a function for each command, by `_arguments` (zshcompsys(1)).
struct ZshCompletion {
  let commands: CompletedCommand

  var script: String {
    """
    #compdef \(commands.name)
    # Completion of \(commands.name) for zsh. Save it as _\(commands.name) in a folder of $fpath.

    \(commands.all.map(function).joined(separator: "\n\n"))

    if [[ "${funcstack[1]}" == \(name(commands)) ]]; then
        \(name(commands)) "$@"
    else
        compdef \(name(commands)) \(commands.name)
    fi
    """
  }

  private func name(_ command: CompletedCommand) -> String {
    "_" + command.names.map(\.functionName).joined(separator: "_")
  }

  private func function(_ command: CompletedCommand) -> String {
    let named = command.named.map(specification)
    guard !command.subcommands.isEmpty else {
      let all = named + command.positional.map(specification)
      return """
        \(name(command))() {
            _arguments -s -S : \\
        \(all.map { "        \($0)" }.joined(separator: " \\\n"))
        }
        """
    }
    return """
      \(name(command))() {
          local context state line
          local -i ret=1
          local -a commands=(
      \(command.subcommands.map { "        \(entry($0))" }.joined(separator: "\n"))
          )
          _arguments -C -s -S : \\
      \(named.map { "        \($0)" }.joined(separator: " \\\n")) \\
              '1:command:->command' \\
              '*::argument:->argument' && ret=0
          case "$state" in
              command) _describe command commands && ret=0 ;;
              argument)
                  case "${line[1]}" in
      \(command.subcommands.map { "                \($0.name)) \(name($0)) && ret=0 ;;" }.joined(separator: "\n"))
                  esac
                  ;;
          esac
          return ret
      }
      """
  }

  private func entry(_ command: CompletedCommand) -> String {
    "\(command.name):\(command.abstract)".shellQuoted
  }

  /// As `_arguments` takes it.
  private func specification(_ definition: ArgumentDefinition) -> String {
    let values = definition.values.isEmpty ? "_files" : "(\(definition.values.joined(separator: " ")))"
    let message = escaped(definition.valueName)
    guard definition.kind != .positional else {
      let start = definition.isRepeating ? "*:" : definition.isOptional ? "::" : ":"
      return "\(start)\(message):\(values)".shellQuoted
    }
    let value = definition.takesValue ? ":\(message):\(values)" : ""
    let tail = "[\(escaped(definition.help.abstract))]\(value)"
    let names = definition.names.map { "\($0)\(definition.takesValue ? $0.isLong ? "=" : "+" : "")" }
    if definition.isRepeating { return names.map { "*\($0)\(tail)".shellQuoted }.joined(separator: " ") }
    guard names.count > 1 else { return (names[0] + tail).shellQuoted }
    let excluded = definition.names.map { "\($0)" }.joined(separator: " ")
    return names.map { "(\(excluded))\($0)\(tail)".shellQuoted }.joined(separator: " ")
  }

  private func escaped(_ text: String) -> String {
    text.reduce(into: "") { text, letter in
      if "[]:\\".contains(letter) { text += "\\" }
      text.append(letter)
    }
  }
}
