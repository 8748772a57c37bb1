/// Completion for fish: a function that says which command is being typed, and a line for each word that may follow.
struct FishCompletion {
  let commands: CompletedCommand

  private var function: String { "__\(commands.name.functionName)_is" }

  var script: String {
    let below = commands.all.dropFirst().map { quoted($0.path) }
    let valued = commands.all.flatMap { command in
      command.named.filter(\.takesValue).flatMap(\.names).map { quoted("\(command.path) \($0)") }
    }
    return """
      # Completion of \(commands.name) for fish. Save it as \(commands.name).fish in ~/.config/fish/completions.

      # Whether the command that is being typed is this one.
      function \(function)
          set -l path \(commands.name)
          set -l is_value 0
          for word in (commandline -opc)[2..-1]
              if test $is_value = 1
                  set is_value 0
                  continue
              end
              switch "$path $word"
                  case \(below.joined(separator: " "))
                      set path "$path $word"
                  case \(valued.joined(separator: " "))
                      set is_value 1
              end
          end
          test "$path" = "$argv"
      end

      \(commands.all.flatMap(lines).joined(separator: "\n"))
      """
  }

  private func lines(_ command: CompletedCommand) -> [String] {
    let start = "complete -c \(commands.name) -n \(quoted("\(function) \(command.path)"))"
    let subcommands = command.subcommands.map {
      "\(start) -f -a \(quoted($0.name)) -d \(quoted($0.abstract))"
    }
    let named = command.named.map { definition in
      let names = definition.names.map { $0.isLong ? "-l \($0.text)" : "-s \($0.text)" }
      let value = definition.takesValue ? " -r\(source(definition))" : " -f"
      return "\(start) \(names.joined(separator: " "))\(value) -d \(quoted(definition.help.abstract))"
    }
    let positional = command.positional.map { "\(start)\(source($0))" }
    let nothing = command.positional.isEmpty ? ["\(start) -f"] : []
    return nothing + subcommands + named + positional
  }

  /// Where a value comes from: a few words, or files.
  private func source(_ definition: ArgumentDefinition) -> String {
    definition.values.isEmpty ? " -F" : " -f -a \(quoted(definition.values.joined(separator: " ")))"
  }

  private func quoted(_ text: String) -> String {
    let escaped = text.reduce(into: "") { text, letter in
      if letter == "'" || letter == "\\" { text += "\\" }
      text.append(letter)
    }
    return "'\(escaped)'"
  }
}
