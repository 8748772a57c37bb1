/// Fills the arguments of one command with words, and leaves the words that it does not know.
struct ArgumentParser {
  private let definitions: [ArgumentDefinition]
  /// The value of each option that takes one.
  private var given: [Int: String] = [:]
  /// Which arguments have a value.
  private var filled: Set<Int> = []

  init(_ definitions: [ArgumentDefinition]) { self.definitions = definitions }

  /// - Throws: a fault of a known argument's value.
  mutating func fill(from words: inout Words) throws(UsageFault) {
    for index in words.all.indices {
      let word = words.all[index]
      guard !word.isUsed, case .name(let name, let value) = word.content,
        let number = definitions.firstIndex(where: { $0.names.contains(name) })
      else { continue }
      words.use(index)
      if definitions[number].takesValue {
        try fillOption(number, name, value, index, &words)
      } else {
        if let value { throw .needlessValue(name, value) }
        _ = definitions[number].store("")
      }
    }
    try fillPositional(from: &words)
  }

  private mutating func fillOption(
    _ number: Int, _ name: Name, _ attached: String?, _ index: Int, _ words: inout Words
  ) throws(UsageFault) {
    let definition = definitions[number]
    guard let value = attached ?? words.takeValue(after: index), attached != "" else {
      throw .missingValue(definition, name, packed: words.packed(at: index))
    }
    if let first = given.updateValue(value, forKey: number), !definition.isRepeating {
      throw .secondValue(definition, name, first, value)
    }
    try store(value, number, name)
  }

  private mutating func fillPositional(from words: inout Words) throws(UsageFault) {
    var values = words.rest.filter { if case .value = words.all[$0].content { true } else { false } }[...]
    for (number, definition) in definitions.enumerated() where definition.kind == .positional {
      repeat {
        guard let index = values.popFirst() else { return }
        words.use(index)
        try store(words.text(at: index), number, nil)
      } while definition.isRepeating
    }
  }

  private mutating func store(_ value: String, _ number: Int, _ name: Name?) throws(UsageFault) {
    guard definitions[number].store(value) else { throw .invalidValue(definitions[number], name, value) }
    filled.insert(number)
  }

  /// Looks for what must be given and was not, and lets each group look at its values, in the order of the properties.
  /// - Throws: a ``UsageFault``, or what `validate` of a group throws.
  func check(_ arguments: any ParsableArguments) throws {
    var number = 0
    func check(_ arguments: any ParsableArguments) throws {
      for declaration in arguments.declarations {
        switch declaration {
        case .argument(let definition):
          defer { number += 1 }
          guard definition.isOptional || filled.contains(number) else {
            throw UsageFault.missing(definitions[number])
          }
        case .group(let group, _):
          try check(group)
          try group.validate()
        }
      }
    }
    try check(arguments)
  }
}

extension Words {
  /// The combined short options that the one at `index` belongs to; nil if it is a separate word.
  fileprivate func packed(at index: Int) -> String? {
    guard all[index].isPart,
      let word = all.first(where: { $0.position == all[index].position && !$0.isPart }),
      case .name(let name, _) = word.content
    else { return nil }
    return name.text
  }
}
