import Keyspace
import Segmentation
import Text

/// What becomes possible and impossible between two segmentations.
package struct CompareReport: TextReport, Sendable {
  struct Change: Encodable, Hashable, Sendable {
    let access: String
    let range: String
    let witness: String
    let names: [String]
  }
  struct Entry: Encodable, Sendable {
    let identity: String
    let presence: String
    let gained: [Change]
    let lost: [Change]
    let gainsRoot: Bool
    let losesRoot: Bool
  }

  let before: String
  let after: String
  package let gainsAnything: Bool
  let identities: [Entry]
  /// The rules of both files; those that hold on both sides are left out.
  let rules: ComparedRules

  /// Whether a rule does not hold in the second segmentation.
  package var breaksRules: Bool { rules.entries.contains { !$0.holdsAfter } }

  package init(
    _ comparison: SegmentationComparison, before: String, after: String, rules: ComparedRules = .none
  ) {
    self.rules = rules
    func changes(_ changes: [IdentityComparison.Change]) -> [Change] {
      changes.map { change in
        Change(
          access: change.grant.access.description, range: change.grant.range.description,
          witness: change.witness.description, names: change.names)
      }
    }
    self.before = before
    self.after = after
    gainsAnything = comparison.gainsAnything
    identities = comparison.identities.map { identity in
      let presence =
        switch identity.presence {
        case .both: "both"
        case .onlyBefore: "only in \(before)"
        case .onlyAfter: "only in \(after)"
        }
      return Entry(
        identity: identity.user, presence: presence, gained: changes(identity.gained),
        lost: changes(identity.lost),
        gainsRoot: identity.gainsRoot, losesRoot: identity.losesRoot)
    }
  }

  package func text(_ style: Style) -> String {
    var lines = ["from \(before) to \(after)"]
    let changed = identities.filter {
      $0.gainsRoot || $0.losesRoot || !$0.gained.isEmpty || !$0.lost.isEmpty || $0.presence != "both"
    }
    if changed.isEmpty { lines.append(style.good("every identity has the same access as before")) }
    for entry in changed {
      lines.append("")
      lines.append(style.strong(entry.identity) + (entry.presence == "both" ? "" : ", \(entry.presence)"))
      if entry.gainsRoot { lines.append("  \(style.bad("gains")) the role root: everything") }
      if entry.losesRoot { lines.append("  \(style.good("loses")) the role root") }
      for change in entry.gained { lines += block(change, style.bad("gains")) }
      for change in entry.lost { lines += block(change, style.good("loses")) }
    }
    let ofRules = rules.lines(style, before: before, after: after)
    if !ofRules.isEmpty { lines += [""] + ofRules }
    return lines.joined(separator: "\n")
  }

  private func block(_ change: Change, _ sign: String) -> [String] {
    let names = change.names.isEmpty ? "" : ": \(change.names.joined(separator: ", "))"
    return ["  \(sign) \(change.access) \(change.range)\(names)", "        such as \(change.witness)"]
  }
}

/// The rules of two files, checked in both segmentations.
package struct ComparedRules: Encodable, Sendable {
  struct Entry: Encodable, Sendable {
    let name: String
    let rule: String
    let holdsBefore: Bool
    let holdsAfter: Bool
    /// What breaks it in the second segmentation, each with a key as an example.
    let violations: [String]
    /// Whether only the first file has it.
    let isRemoved: Bool
  }

  /// Without the rules that both sides keep.
  let entries: [Entry]

  /// No rules.
  package static let none = ComparedRules(entries: [])

  private init(entries: [Entry]) { self.entries = entries }

  package init(
    _ rules: [AccessRule], before: (AccessRule) -> RuleResult, after: (AccessRule) -> RuleResult,
    removed: [AccessRule]
  ) {
    entries = rules.compactMap { rule in
      let (old, new) = (before(rule), after(rule))
      let isRemoved = removed.contains(rule)
      guard !old.holds || !new.holds || isRemoved else { return nil }
      return Entry(
        name: rule.name, rule: rule.sentence, holdsBefore: old.holds, holdsAfter: new.holds,
        violations: new.violations.map(\.sentence), isRemoved: isRemoved)
    }
  }

  package func encode(to encoder: any Encoder) throws { try entries.encode(to: encoder) }

  func lines(_ style: Style, before: String, after: String) -> [String] {
    entries.flatMap { entry in
      let state =
        entry.holdsAfter
        ? entry.holdsBefore ? style.caution("removed, and holds") : style.good("now holds")
        : entry.holdsBefore ? style.bad("no longer holds") : style.bad("does not hold, as before")
      return [
        "rule \(visible(entry.name)): \(state)\(entry.isRemoved && !entry.holdsAfter ? ", and \(after) has removed it" : "")",
        "  \(visible(entry.rule))",
      ] + entry.violations.prefix(5).map { "  \(visible($0))" }
    }
  }
}
