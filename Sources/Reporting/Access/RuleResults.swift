import Segmentation
import Text

/// The rules of the file that do not hold, for reports about something else.
package struct RuleResults: Encodable, Sendable {
  struct Entry: Encodable, Sendable {
    let name: String
    let rule: String
    let why: String
    /// Where it does not hold: `the file`.
    let place: String
    /// Each with a key as an example.
    let violations: [String]
    let count: Int
  }

  let broken: [Entry]

  /// Whether each rule holds.
  package var hold: Bool { broken.isEmpty }

  package init(_ results: [(place: String, result: RuleResult)]) {
    broken = results.filter { !$0.result.holds }.map { place, result in
      Entry(
        name: result.rule.name, rule: result.rule.sentence, why: result.rule.why, place: place,
        violations: result.violations.map(\.sentence), count: result.count)
    }
  }

  package func encode(to encoder: any Encoder) throws { try broken.encode(to: encoder) }

  package func lines(_ style: Style) -> [String] {
    broken.flatMap { entry in
      let shown = entry.violations.prefix(5)
      let more = entry.count - shown.count
      return [
        style.bad(visible("rule \(entry.name): \(entry.rule), and this does not hold in \(entry.place)"))
      ] + shown.map { visible("  \($0)") } + (more > 0 ? ["  and \(more) more"] : [])
        + [visible("  why the rule: \(entry.why)")]
    }
  }
}
