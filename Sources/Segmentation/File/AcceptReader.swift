import StrictYAML
import Text
import YAML

/// Reads the list `accept`: findings that do not count until a day.
extension FileReader {
  mutating func accepted(_ node: Node?) -> [AcceptedFinding] {
    var lines: [String: Int] = [:]
    return elements(node, of: "'accept'").compactMap { node in
      let fields = fields(
        node, of: "an entry of 'accept'", known: ["id", "subject", "why", "until"],
        required: ["id", "why", "until"])
      let id = text(fields["id"], of: "'id'")
      let subject = text(fields["subject"], of: "'subject'")
      let why = text(fields["why"], of: "'why'")
      let until = day(fields["until"])
      guard let id, let why, let until else { return nil }
      if id.uppercased().hasPrefix("BH"), !Lint.rules.contains(where: { $0.id == id.uppercased() }) {
        fault(
          fields["id"] ?? node, "lint has no rule \(quoted(id))",
          hint: NearestWord.hint(for: id.uppercased(), among: Lint.rules.map(\.id)))
        return nil
      }
      let accepted = AcceptedFinding(id: id, subject: subject, why: why, until: until)
      if let line = lines.updateValue(node.position.line, forKey: accepted.title.lowercased()) {
        fault(node, "\(quoted(accepted.title)) is already accepted on line \(line)", hint: "keep one of them")
      }
      return accepted
    }
  }

  private mutating func day(_ node: Node?) -> CalendarDay? {
    guard let node, let word = text(node, of: "'until'") else { return nil }
    guard let day = CalendarDay(word) else {
      fault(
        node, "'until' cannot be \(quoted(word))", hint: "write the last day as YEAR-MONTH-DAY: 2027-03-01")
      return nil
    }
    return day
  }
}
