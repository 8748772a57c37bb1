/// An argument that is there or not: `--full`. It may be given more than once.
@propertyWrapper
package struct Flag: Sendable, ArgumentDeclaring {
  private var slot: Slot<Bool>
  private let name: NameSpecification
  private let help: ArgumentHelp

  package var wrappedValue: Bool {
    get { slot.value ?? false }
    set { slot = Slot(newValue) }
  }

  /// - Parameter wrappedValue: must be false, because a flag cannot be unset on the command line.
  package init(wrappedValue: Bool, name: NameSpecification = .long, help: ArgumentHelp = "") {
    precondition(!wrappedValue, "a flag that is set by default could not be unset")
    slot = Slot(false)
    self.name = name
    self.help = help
  }

  func declaration(property: String) -> ArgumentDeclaration {
    .argument(
      ArgumentDefinition(
        kind: .flag(name.names(ofProperty: property)), help: help, property: property.kebabCase,
        isOptional: true
      ) { [slot] _ in
        slot.set(true)
        return true
      })
  }
}

/// Arguments that several commands have.
@propertyWrapper
package struct OptionGroup<Value: ParsableArguments>: Sendable, ArgumentDeclaring {
  package var wrappedValue: Value
  private let title: String?

  /// - Parameter title: The section of help that they stand in; nil for the usual one.
  package init(title: String? = nil) {
    wrappedValue = Value()
    self.title = title
  }

  func declaration(property: String) -> ArgumentDeclaration { .group(wrappedValue, section: title) }
}
