/// An argument with a name and a value: `--file bulkhead.yaml`, `--file=bulkhead.yaml`, `-f bulkhead.yaml`.
///
/// An array takes one value for each time that the option is given; anything else takes one value, and a second is
/// wrong usage. An optional that is not given is nil; what has neither a default nor that must be given.
@propertyWrapper
package struct Option<Value: Sendable>: Sendable, ArgumentDeclaring {
  private var slot: Slot<Value>
  private let name: NameSpecification
  private let definition: ArgumentDefinition

  package var wrappedValue: Value {
    get {
      guard let value = slot.value else { preconditionFailure("an option is read before it was parsed") }
      return value
    }
    set { slot = Slot(newValue) }
  }

  private init(_ slot: Slot<Value>, _ name: NameSpecification, _ definition: ArgumentDefinition) {
    self.slot = slot
    self.name = name
    self.definition = definition
  }

  func declaration(property: String) -> ArgumentDeclaration {
    var definition = definition
    definition.property = property.kebabCase
    definition.kind = .option(name.names(ofProperty: property))
    return .argument(definition)
  }
}

extension Option where Value: ExpressibleByArgument {
  /// With a default.
  package init(wrappedValue: Value, name: NameSpecification = .long, help: ArgumentHelp = "") {
    self.init(Slot(wrappedValue), name) { .one($0, help, default: wrappedValue) }
  }

  /// Must be given.
  package init(name: NameSpecification = .long, help: ArgumentHelp = "") {
    self.init(Slot(nil), name) { .one($0, help, default: nil) }
  }
}

extension Option {
  /// May be given.
  package init<Wrapped: ExpressibleByArgument>(name: NameSpecification = .long, help: ArgumentHelp = "")
  where Value == Wrapped? {
    self.init(Slot(.some(nil)), name) { .optional($0, help) }
  }

  /// May be given several times.
  package init<Element: ExpressibleByArgument>(
    wrappedValue: [Element], name: NameSpecification = .long, help: ArgumentHelp = ""
  ) where Value == [Element] {
    self.init(Slot(wrappedValue), name) { .many($0, help, isOptional: true) }
  }

  /// Must be given, and may be several times.
  package init<Element: ExpressibleByArgument>(name: NameSpecification = .long, help: ArgumentHelp = "")
  where Value == [Element] {
    self.init(Slot(nil), name) { .many($0, help, isOptional: false) }
  }

  private init(
    _ slot: Slot<Value>, _ name: NameSpecification, _ definition: (Slot<Value>) -> ArgumentDefinition
  ) { self.init(slot, name, definition(slot)) }
}
