import FoundationEssentials

/// What has changed since an earlier report.
package struct ReportChanges: Codable, Hashable, Sendable {
  package struct Access: Codable, Hashable, Sendable {
    package let column: String
    package let grant: String
  }

  /// When the earlier report was made.
  package let since: Date
  package let isSameFile: Bool
  package let newKinds: [String]
  package let goneKinds: [String]
  package let gained: [Access]
  package let lost: [Access]
  /// Which users of a kind are new and gone: `calico-node: 3, before 3: calico-node.c is new; calico-node.a is gone`.
  package let users: [String]
  package let newFindings: [String]
  package let goneFindings: [String]
  /// How the proof changed; nil if it says the same as before.
  package let proof: String?

  package var isEmpty: Bool {
    newKinds.isEmpty && goneKinds.isEmpty && gained.isEmpty && lost.isEmpty && users.isEmpty
      && newFindings.isEmpty && goneFindings.isEmpty && proof == nil
  }

  package init(from old: Report, to new: Report) {
    since = old.at
    isSameFile = old.fileSHA256 == new.fileSHA256
    let before = Dictionary(old.matrix.columns.map { ($0.name, $0) }) { first, _ in first }
    let after = Dictionary(new.matrix.columns.map { ($0.name, $0) }) { first, _ in first }
    newKinds = new.matrix.columns.map(\.name).filter { before[$0] == nil }
    goneKinds = old.matrix.columns.map(\.name).filter { after[$0] == nil }
    func grants(_ column: AccessMatrix.Column) -> [String] {
      (column.isRoot ? ["the role root: everything"] : [])
        + column.grants.flatMap { line in
          // An access that was widened is one that was gained, and nothing that was lost.
          (line.access == "readwrite" ? ["read", "write"] : [line.access]).map { "\($0) \(line.range)" }
        }
    }
    func beyond(
      _ columns: [AccessMatrix.Column], _ others: [String: AccessMatrix.Column]
    ) -> [Access] {
      columns.flatMap { column in
        let known = Set(others[column.name].map(grants) ?? [])
        return grants(column).filter { !known.contains($0) }.map { Access(column: column.name, grant: $0) }
      }
    }
    gained = beyond(new.matrix.columns, before)
    lost = beyond(old.matrix.columns, after)
    users = new.matrix.columns.compactMap { column in
      guard let was = before[column.name] else { return nil }
      let (new, gone) = (Set(column.users).subtracting(was.users), Set(was.users).subtracting(column.users))
      let parts = [Self.names(new, "new"), Self.names(gone, "gone")].compactMap(\.self)
      guard !parts.isEmpty else { return nil }
      return
        "\(column.name): \(column.users.count), before \(was.users.count): \(parts.joined(separator: "; "))"
    }
    func found(_ report: Report) -> [String] {
      report.checks.flatMap { check in
        check.findings.filter { !$0.isAccepted }.map {
          "\($0.id) \($0.subject.isEmpty ? "" : "\($0.subject): ")\($0.message)"
        }
      }
    }
    let (were, are) = (found(old), found(new))
    newFindings = are.filter { !were.contains($0) }
    goneFindings = were.filter { !are.contains($0) }
    func words(_ proof: Report.Proof?) -> String {
      guard let proof else { return "not asked" }
      return proof.isInForce ? "in force" : "not in force"
    }
    proof = words(old.proof) == words(new.proof) ? nil : "\(words(new.proof)), before \(words(old.proof))"
  }

  /// `a, b, c and 2 more are gone`; nil without names.
  private static func names(_ names: Set<String>, _ state: String) -> String? {
    guard !names.isEmpty else { return nil }
    let shown = names.sorted().prefix(3)
    let more = names.count > shown.count ? " and \(names.count - shown.count) more" : ""
    return "\(shown.joined(separator: ", "))\(more) \(names.count == 1 ? "is" : "are") \(state)"
  }
}
