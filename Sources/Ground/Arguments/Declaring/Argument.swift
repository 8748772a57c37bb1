/// An argument without a name: it takes the next word that belongs to no option.
///
/// An array takes all that are left. An optional that is not given is nil; what has neither a default nor that must be
/// given.
@propertyWrapper
package struct Argument<Value: Sendable>: Sendable, ArgumentDeclaring {
  private var slot: Slot<Value>
  private let definition: ArgumentDefinition

  package var wrappedValue: Value {
    get {
      guard let value = slot.value else { preconditionFailure("an argument is read before it was parsed") }
      return value
    }
    set { slot = Slot(newValue) }
  }

  private init(_ slot: Slot<Value>, _ definition: (Slot<Value>) -> ArgumentDefinition) {
    self.slot = slot
    self.definition = definition(slot)
  }

  func declaration(property: String) -> ArgumentDeclaration {
    var definition = definition
    definition.property = property.kebabCase
    return .argument(definition)
  }
}

extension Argument where Value: ExpressibleByArgument {
  /// With a default.
  package init(wrappedValue: Value, help: ArgumentHelp = "") {
    self.init(Slot(wrappedValue)) { .one($0, help, default: wrappedValue) }
  }

  /// Must be given.
  package init(help: ArgumentHelp = "") { self.init(Slot(nil)) { .one($0, help, default: nil) } }
}

extension Argument {
  /// May be given.
  package init<Wrapped: ExpressibleByArgument>(help: ArgumentHelp = "") where Value == Wrapped? {
    self.init(Slot(.some(nil))) { .optional($0, help) }
  }

  /// Any number of them.
  package init<Element: ExpressibleByArgument>(wrappedValue: [Element], help: ArgumentHelp = "")
  where Value == [Element] {
    self.init(Slot(wrappedValue)) { .many($0, help, isOptional: true) }
  }

  /// One at least.
  package init<Element: ExpressibleByArgument>(help: ArgumentHelp = "") where Value == [Element] {
    self.init(Slot(nil)) { .many($0, help, isOptional: false) }
  }
}

/// What options and arguments have in common. The kind is positional until an option sets it.
extension ArgumentDefinition {
  static func one<Value: ExpressibleByArgument>(
    _ slot: Slot<Value>, _ help: ArgumentHelp, default value: Value?
  ) -> ArgumentDefinition {
    ArgumentDefinition(
      kind: .positional, help: help, property: "", isOptional: value != nil, defaultText: value?.argumentText,
      values: Value.allArgumentTexts
    ) { word in
      guard let value = Value(argument: word) else { return false }
      slot.set(value)
      return true
    }
  }

  static func optional<Value: ExpressibleByArgument>(
    _ slot: Slot<Value?>, _ help: ArgumentHelp
  ) -> ArgumentDefinition {
    ArgumentDefinition(
      kind: .positional, help: help, property: "", isOptional: true, values: Value.allArgumentTexts
    ) { word in
      guard let value = Value(argument: word) else { return false }
      slot.set(value)
      return true
    }
  }

  /// The first word replaces the default.
  static func many<Element: ExpressibleByArgument>(
    _ slot: Slot<[Element]>, _ help: ArgumentHelp, isOptional: Bool
  ) -> ArgumentDefinition {
    let isGiven = Slot(false)
    return ArgumentDefinition(
      kind: .positional, help: help, property: "", isOptional: isOptional, isRepeating: true,
      values: Element.allArgumentTexts
    ) { word in
      guard let value = Element(argument: word) else { return false }
      if isGiven.value == true {
        slot.append(value)
      } else {
        isGiven.set(true)
        slot.set([value])
      }
      return true
    }
  }
}
