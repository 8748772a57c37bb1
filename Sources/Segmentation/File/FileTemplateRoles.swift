import Keyspace

extension FileTemplate {
  /// Whether the file names any identity besides the administrator and kube-apiserver.
  package var namesSomebody: Bool {
    !components.isEmpty || !calicoctl.isEmpty || !custom.isEmpty || !customRoles.isEmpty
  }

  /// Sections that only a file described from a running cluster has.
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

  /// A key as the reader accepts it: escapes a star, which the reader refuses because etcd has no wildcards.
  private func text(_ key: Key) -> String { scalar(key.description.replacing("*", with: "\\x2a")) }

  /// The text on one line: control characters and white space other than the blank become "?".
  private func comment(_ text: String) -> String {
    let shown = text.unicodeScalars.map { scalar in
      scalar.properties.generalCategory == .control || scalar.properties.isWhitespace && scalar != " "
        ? "?" : Character(scalar)
    }
    return String(shown)
  }
}
