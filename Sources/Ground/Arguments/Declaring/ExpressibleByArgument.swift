/// A value that is read from one word of the command line.
package protocol ExpressibleByArgument: Sendable {
  /// - Returns: nil if the word is not a valid value.
  init?(argument: String)

  /// The value as help shows it, and as it is typed.
  var argumentText: String { get }

  /// All values, where there are a few; empty where there are many.
  static var allArgumentTexts: [String] { get }
}

extension ExpressibleByArgument {
  package var argumentText: String { "\(self)" }
  package static var allArgumentTexts: [String] { [] }
}

extension ExpressibleByArgument where Self: CaseIterable {
  package static var allArgumentTexts: [String] { allCases.map(\.argumentText) }
}

extension ExpressibleByArgument where Self: RawRepresentable, RawValue == String {
  package init?(argument: String) { self.init(rawValue: argument) }
  package var argumentText: String { rawValue }
}

extension ExpressibleByArgument where Self: LosslessStringConvertible {
  package init?(argument: String) { self.init(argument) }
}

extension String: ExpressibleByArgument {}
extension Int: ExpressibleByArgument {}
extension Double: ExpressibleByArgument {}
