/// What a bundle contains and what has changed.
package struct BundleReport: TextReport, Sendable {
  let folder: String
  let form: String
  let nodes: Int
  /// The programs that run once, and the calicoctl users.
  let others: [String]
  let written: Int
  let unchanged: Int
  /// Folders and files that an earlier bundle wrote and this one does not contain: removed ones, unchanged
  /// ones that stay, and files that stay because someone has changed them.
  let removed: [String]
  let left: [String]
  let changed: [String]

  package init(
    folder: String, form: String, nodes: Int, others: [String], written: Int, unchanged: Int,
    removed: [String],
    left: [String], changed: [String]
  ) {
    self.folder = folder
    self.form = form
    self.nodes = nodes
    self.others = others
    self.written = written
    self.unchanged = unchanged
    self.removed = removed
    self.left = left
    self.changed = changed
  }

  package func text(_ style: Style) -> String {
    let others = others.isEmpty ? "" : " and for \(others.joined(separator: ", "))"
    let changes = written == 0 ? style.good("nothing changed") : "\(count(written, "file")) written"
    let first =
      "\(folder): \(form) for \(count(nodes, "node"))\(others); \(changes), \(unchanged) as they were"
    let leftovers = [
      ("removed", removed), ("no longer part of it", left),
      ("no longer part of it, and changed by someone else", self.changed),
    ]
    return ([first] + leftovers.filter { !$1.isEmpty }.map { "\($0): \($1.joined(separator: ", "))" })
      .joined(separator: "\n")
  }
}
