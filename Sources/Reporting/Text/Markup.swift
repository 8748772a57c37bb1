import Text

/// HTML, SVG or XML: what is interpolated is encoded, unless it is markup itself. The one place where text becomes
/// markup.
package struct Markup: Hashable, Sendable {
  package let text: String

  /// - Parameter markup: Not encoded.
  package init(markup: String) { text = markup }

  /// Text as the content of an element or as the value of an attribute in quotes. Control and invisible characters,
  /// which XML 1.0 forbids or which mislead a reader, are shown by their number.
  package static func encoded(_ text: String) -> String {
    var result = ""
    for scalar in visible(text).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  static let empty = Markup(markup: "")
}

extension Markup: ExpressibleByStringInterpolation {
  package init(stringLiteral text: String) { self.text = text }
  package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

  package struct StringInterpolation: StringInterpolationProtocol {
    var text: String

    package init(literalCapacity: Int, interpolationCount: Int) {
      text = ""
      text.reserveCapacity(literalCapacity)
    }

    package mutating func appendLiteral(_ literal: String) { text += literal }
    package mutating func appendInterpolation(_ text: String) { self.text += Markup.encoded(text) }
    package mutating func appendInterpolation(_ number: Int) { text += "\(number)" }
    package mutating func appendInterpolation(_ markup: Markup) { text += markup.text }
    package mutating func appendInterpolation(_ parts: [Markup]) { for part in parts { text += part.text } }
  }
}

extension Sequence<Markup> {
  func joined(separator: String = "") -> Markup {
    Markup(markup: map(\.text).joined(separator: separator))
  }
}
