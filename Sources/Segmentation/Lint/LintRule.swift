/// A known fault that a segmentation may have.
package struct LintRule: Hashable, Sendable {
  package typealias Severity = FindingSeverity

  /// Stable: an id keeps its meaning and is never reused for another rule.
  package let id: String
  package let severity: Severity
  /// What is found, in a few words.
  package let title: String
  /// Why it matters.
  package let why: String
  /// What to do about it.
  package let advice: String

  init(_ id: String, _ severity: Severity, _ title: String, why: String, advice: String) {
    self.id = id
    self.severity = severity
    self.title = title
    self.why = why
    self.advice = advice
  }
}

/// An occurrence of a fault, and its place.
package struct LintFinding: Hashable, Sendable {
  package enum Place: Hashable, Sendable {
    /// A key of the file, such as `calico.features`.
    case file(String)
    case identity(String)
    /// A role of the cluster, or one that the file creates.
    case role(String)
    /// A rule that the file sets itself.
    case rule(String)
  }

  package let rule: LintRule
  package let place: Place
  /// One sentence without a full stop.
  package let message: String
  /// Details, one per line.
  package let details: [String]

  init(_ rule: LintRule, _ place: Place, _ message: String, details: [String] = []) {
    self.rule = rule
    self.place = place
    self.message = message
    self.details = details
  }
}

extension LintFinding.Place: CustomStringConvertible {
  package var description: String {
    switch self {
    case .file(let key): key
    case .identity(let user): "identity \(user)"
    case .role(let name): "role \(name)"
    case .rule(let name): "rule \(name)"
    }
  }
}
