/// A name as it is typed.
enum Name: Hashable, Sendable, CustomStringConvertible {
  /// `--file`
  case long(String)
  /// `-f`
  case short(Character)
  /// `-fx`: two short names, or a mistake. No argument has such a name.
  case packed(String)

  var description: String {
    switch self {
    case .long(let text): "--\(text)"
    case .short(let letter): "-\(letter)"
    case .packed(let text): "-\(text)"
    }
  }

  /// Without the dashes.
  var text: String {
    switch self {
    case .long(let text), .packed(let text): text
    case .short(let letter): String(letter)
    }
  }

  var isLong: Bool { if case .long = self { true } else { false } }
}

/// How the names of an option or a flag come from that of its property.
package struct NameSpecification: Sendable, ExpressibleByArrayLiteral {
  package enum Element: Sendable {
    /// `--range-end` for `rangeEnd`.
    case long
    /// `-r` for `rangeEnd`.
    case short
    /// `--` and this text.
    case customLong(String)
  }

  private let elements: [Element]

  package init(arrayLiteral elements: Element...) { self.elements = elements }

  package static let long: NameSpecification = [.long]
  package static func customLong(_ name: String) -> NameSpecification { [.customLong(name)] }

  func names(ofProperty property: String) -> [Name] {
    elements.map { element in
      switch element {
      case .long: .long(property.kebabCase)
      case .short: .short(property.first ?? "?")
      case .customLong(let name): .long(name)
      }
    }
  }
}

extension String {
  /// `rangeEnd` as `range-end`.
  var kebabCase: String {
    reduce(into: "") { text, letter in
      if letter.isUppercase, !text.isEmpty { text += "-" }
      text += letter.lowercased()
    }
  }
}
