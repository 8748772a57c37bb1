import Keyspace

extension FileTemplate {
  /// Whether there is anybody in it besides administrators.
  package var namesSomebody: Bool {
    !components.isEmpty || !calicoctl.isEmpty || !custom.isEmpty || !customRoles.isEmpty
  }

  /// The parts that only a file has that was made from a running cluster.
  var sections: String {
    var blocks: [[String]] = []
    if isolation != .component {
      blocks.append(["isolation: \(isolation.rawValue)", "nodes: \(list(nodes))"])
    }
    if !customRoles.isEmpty {
      blocks.append(
        ["# Roles that the catalogue does not know, and users of them below.", "roles:"]
          + customRoles.flatMap { ["  - role: \(scalar($0.role))"] + lines(of: $0.grants) })
    }
    if !custom.isEmpty {
      blocks.append(
        ["# Users that the catalogue does not know.", "custom:"]
          + custom.flatMap { custom in
            ["  - user: \(scalar(custom.user))"]
              + (custom.roles.isEmpty ? [] : ["    roles: \(list(custom.roles))"])
              + lines(of: custom.grants)
          })
    }
    if !remarks.isEmpty { blocks.append(remarks.map { "# \(comment($0))" }) }
    return blocks.map { $0.joined(separator: "\n") + "\n\n" }.joined()
  }

  private func lines(of grants: [Grant]) -> [String] {
    guard !grants.isEmpty else { return [] }
    return ["    grants:"] + grants.map { "      - {\(range($0.range)), access: \($0.access)}" }
  }

  private func range(_ range: KeyRange) -> String {
    if let key = range.singleKey { return "key: \(text(key))" }
    if let prefix = range.prefix, !prefix.bytes.isEmpty { return "prefix: \(text(prefix))" }
    return "from: \(text(range.lower))" + (range.upper.map { ", to: \(text($0))" } ?? "")
  }

  /// A key as the reader takes it, which refuses a star because people take it for a wildcard.
  private func text(_ key: Key) -> String { scalar(key.description.replacing("*", with: "\\x2a")) }

  /// One line, whatever stands in it.
  private func comment(_ text: String) -> String {
    let shown = text.unicodeScalars.map { scalar in
      scalar.properties.generalCategory == .control || scalar.properties.isWhitespace && scalar != " "
        ? "?" : Character(scalar)
    }
    return String(shown)
  }
}
