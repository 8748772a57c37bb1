/// What help says about an argument.
package struct ArgumentHelp: Sendable, ExpressibleByStringInterpolation {
  package var abstract: String
  /// What stands between `<` and `>` for the value; the argument's name if nothing is said.
  package var valueName: String?
  /// Whether help and completions do not show it.
  var isHidden = false

  package init(_ abstract: String = "", valueName: String? = nil) {
    self.abstract = abstract
    self.valueName = valueName
  }

  package init(stringLiteral text: String) { self.init(text) }
}
