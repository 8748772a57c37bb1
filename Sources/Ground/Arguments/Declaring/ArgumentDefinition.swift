/// An argument as parser, help and completions know it.
struct ArgumentDefinition: Sendable {
  enum Kind: Sendable, Equatable {
    case flag([Name])
    case option([Name])
    case positional
  }

  var kind: Kind
  var help: ArgumentHelp
  /// The property's name, as `range-end`.
  var property: String
  var isOptional: Bool
  var isRepeating = false
  /// The default as it is typed; nil if there is nothing to show.
  var defaultText: String?
  /// All values, where there are a few.
  var values: [String] = []
  /// The section of help that it stands in; nil for the usual one.
  var section: String?
  /// Stores a word; a flag accepts any. False if the word is not a valid value.
  var store: @Sendable (String) -> Bool

  var names: [Name] {
    switch kind {
    case .flag(let names), .option(let names): names
    case .positional: []
    }
  }

  /// The name that messages use.
  var preferredName: Name? { names.first(where: \.isLong) ?? names.first }

  /// What stands between `<` and `>`.
  var valueName: String { help.valueName ?? preferredName?.text ?? property }

  var takesValue: Bool { if case .option = kind { true } else { false } }

  /// The name and the value, as in `--file <file>`.
  /// - Parameter name: the one that was typed; nil for a positional argument.
  func synopsis(as name: Name?) -> String {
    switch (kind, name) {
    case (.flag, let name?): "\(name)"
    case (.option, let name?): "\(name) <\(valueName)>"
    default: "<\(valueName)>"
    }
  }

  /// The same, without the brackets around what may be left away.
  var requiredSynopsis: String { synopsis(as: preferredName) + (isRepeating ? " ..." : "") }

  /// As usage shows it: `[--file <file>]`.
  var usage: String { isOptional ? "[\(requiredSynopsis)]" : requiredSynopsis }
}

/// What a wrapped property declares.
protocol ArgumentDeclaring {
  /// - Parameter property: its name.
  func declaration(property: String) -> ArgumentDeclaration
}

enum ArgumentDeclaration {
  case argument(ArgumentDefinition)
  case group(any ParsableArguments, section: String?)
}

extension ParsableArguments {
  /// What its properties declare, in the order of the properties.
  var declarations: [ArgumentDeclaration] {
    Mirror(reflecting: self).children.compactMap { child in
      guard let label = child.label, let wrapper = child.value as? any ArgumentDeclaring else { return nil }
      // The compiler stores what belongs to `file` in `_file`.
      return wrapper.declaration(property: String(label.drop { $0 == "_" }))
    }
  }

  /// Its arguments and those of its groups, in the order of the properties.
  func definitions(section: String? = nil) -> [ArgumentDefinition] {
    declarations.flatMap { declaration in
      switch declaration {
      case .argument(var definition):
        definition.section = section
        return [definition]
      case .group(let group, let title): return group.definitions(section: title ?? section)
      }
    }
  }
}
