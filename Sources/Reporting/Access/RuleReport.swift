import Segmentation

/// The rules of lint.
package struct RuleReport: Sendable {
  package init() {}

  package func text(_ style: Style) -> String {
    Lint.rules.map { rule in
      "\(style.strong(rule.id)) \(rule.severity): \(rule.title)\n  why:  \(rule.why)\n  do:   \(rule.advice)"
    }.joined(separator: "\n")
  }
}
