/// A known fault of a segmentation.
package struct LintRule: Hashable, Sendable {
  package enum Severity: Int, Comparable, CaseIterable, Sendable {
    /// Worth knowing; nothing has to be done.
    case info
    /// Allows more than it seems to, or does not do what it seems to.
    case warning
    /// The segmentation does not hold, or something will not work.
    case error

    package static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
  }

  /// Never changes its meaning, and is never given to another rule.
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

/// A fault that was found, and where.
package struct LintFinding: Hashable, Sendable {
  package enum Place: Hashable, Sendable {
    /// A key of the file, such as `calico.features`.
    case file(String)
    case identity(String)
    /// A role of the cluster or of the file's making.
    case role(String)
  }

  package let rule: LintRule
  package let place: Place
  /// What was found, as a sentence without a full stop.
  package let message: String
  /// Particulars, one in each line.
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
    }
  }
}

extension LintRule.Severity: CustomStringConvertible {
  package var description: String {
    switch self {
    case .info: "info"
    case .warning: "warning"
    case .error: "error"
    }
  }
}
