import Keyspace
import Segmentation

/// What becomes possible and impossible between two segmentations.
package struct CompareReport: TextReport, Sendable {
  struct Change: Encodable, Sendable {
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

  package init(_ comparison: SegmentationComparison, before: String, after: String) {
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
    return lines.joined(separator: "\n")
  }

  private func block(_ change: Change, _ sign: String) -> [String] {
    let names = change.names.isEmpty ? "" : ": \(change.names.joined(separator: ", "))"
    return ["  \(sign) \(change.access) \(change.range)\(names)", "        such as \(change.witness)"]
  }
}
