/// Rules about what the file sets for itself: its own rules, and the findings that it accepts.
package enum FileLint {
  static let rules = [broken, ended]

  /// Which `apply` refuses too.
  package static let broken = LintRule(
    "BH070", .error, "a rule of the file is broken",
    why: "the file promises it, and people who review a change rely on it",
    advice: "narrow the grant that is named, or change the rule if it no longer holds")
  static let ended = LintRule(
    "BH071", .warning, "an accepted finding has ended",
    why: "its last day is over, so the finding counts again",
    advice: "remove the cause and the entry of 'accept', or set a new last day after a review")

  /// - Parameters:
  ///   - results: The rules of the file, checked in the segmentation that is looked at.
  ///   - accepted: The entries of `accept` whose last day is over.
  static func findings(_ results: [RuleResult], ended accepted: [AcceptedFinding]) -> [LintFinding] {
    results.filter { !$0.holds }.map { result in
      LintFinding(
        broken, .rule(result.rule.name), "\(result.rule.sentence), and this does not hold",
        details: result.violations.map(\.sentence)
          + (result.count > result.violations.count
            ? ["and \(result.count - result.violations.count) more"] : [])
          + ["the rule's reason: \(result.rule.why)"])
    }
      + accepted.map { entry in
        LintFinding(
          ended, .file("accept"), "\(entry.title) was accepted until \(entry.until)",
          details: ["its reason was: \(entry.why)"])
      }
  }
}
