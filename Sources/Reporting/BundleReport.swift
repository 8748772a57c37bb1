/// What a bundle holds and what of it is new.
public struct BundleReport: TextReport, Sendable {
  let folder: String
  let form: String
  let nodes: Int
  /// Programs that run once, and people.
  let others: [String]
  let written: Int
  let unchanged: Int

  public init(folder: String, form: String, nodes: Int, others: [String], written: Int, unchanged: Int) {
    self.folder = folder
    self.form = form
    self.nodes = nodes
    self.others = others
    self.written = written
    self.unchanged = unchanged
  }

  public func text(_ style: Style) -> String {
    let others = others.isEmpty ? "" : " and for \(others.joined(separator: ", "))"
    let changes = written == 0 ? style.good("nothing changed") : "\(count(written, "file")) written"
    return "\(folder): \(form) for \(count(nodes, "node"))\(others); \(changes), \(unchanged) as they were"
  }
}
