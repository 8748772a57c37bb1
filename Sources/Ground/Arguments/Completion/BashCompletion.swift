/// Completion for bash 4 and newer: a function that walks the words up to the cursor, and tables of what each command
/// takes.
struct BashCompletion {
  let commands: CompletedCommand

  private var function: String { "_\(commands.name.functionName)" }

  var script: String {
    """
    # Completion of \(commands.name) for bash. Source it, or save it as \(commands.name) in
    # ${XDG_DATA_HOME:-~/.local/share}/bash-completion/completions.

    # What follows a command: subcommands, names of its arguments, and those of them that take a value.
    \(function)_command() {
        case "$1" in
    \(commands.all.map(row).joined(separator: "\n"))
        esac
    }

    # The values of an argument that has a few: of an option by its name, of another by its number.
    \(function)_values() {
        case "$1" in
    \(commands.all.flatMap(values).joined(separator: "\n"))
        esac
    }

    \(function)() {
        local path=\(commands.name.shellQuoted) current="${COMP_WORDS[COMP_CWORD]}" option='' helping='' only_values=''
        local subcommands names valued word values
        local -i index position=1
        \(function)_command "$path"
        for ((index = 1; index < COMP_CWORD; index++)); do
            word="${COMP_WORDS[index]}"
            if [[ -n $option ]]; then
                # bash makes three words of --name=value.
                [[ $word == '=' ]] || option=''
            elif [[ -z $only_values && $word == '--' ]]; then
                only_values=1
            elif [[ -z $only_values && $word == -* ]]; then
                [[ " $valued " == *" $word "* ]] && option="$word"
            elif [[ $path == \(commands.name.shellQuoted) && $word == help ]]; then
                helping=1
            elif [[ " $subcommands " == *" $word "* ]]; then
                path+=" $word"
                \(function)_command "$path"
            else
                position+=1
            fi
        done

        COMPREPLY=()
        if [[ -n $option ]]; then
            [[ $current == '=' ]] && current=''
            values="$(\(function)_values "$path $option")"
        elif [[ -n $helping || (-z $only_values && -n $subcommands && $current != -*) ]]; then
            mapfile -t COMPREPLY < <(compgen -W "$subcommands" -- "$current")
            return
        elif [[ -z $only_values && $current == -* ]]; then
            mapfile -t COMPREPLY < <(compgen -W "$names" -- "$current")
            return
        else
            values="$(\(function)_values "$path $position")"
        fi
        if [[ -n $values ]]; then
            mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
        else
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
        fi
    }

    complete -F \(function) \(commands.name)
    """
  }

  private func row(_ command: CompletedCommand) -> String {
    let valued = command.named.filter(\.takesValue)
    return """
          \(command.path.shellQuoted))
              subcommands=\(text(command.subcommands.map(\.name)))
              names=\(text(command.named.flatMap(\.names).map { "\($0)" }))
              valued=\(text(valued.flatMap(\.names).map { "\($0)" }))
              ;;
      """
  }

  private func values(_ command: CompletedCommand) -> [String] {
    let named = command.named.filter { !$0.values.isEmpty }.map { definition in
      (keys: definition.names.map { "\(command.path) \($0)".shellQuoted }, definition.values)
    }
    let positional = command.positional.enumerated().filter { !$0.element.values.isEmpty }.map {
      number, definition in
      (keys: ["\(command.path) \(number + 1)".shellQuoted], definition.values)
    }
    return (named + positional).map { keys, values in
      "    \(keys.joined(separator: " | "))) echo \(text(values)) ;;"
    }
  }

  private func text(_ words: [String]) -> String { words.joined(separator: " ").shellQuoted }
}
