import Catalogue

/// The catalogue as a reference page: every component, every line, every release and feature.
package enum CatalogueMarkdown {
  package static func text(_ catalogue: Catalogue) -> String {
    let contents = catalogue.components.map { "- [\($0.name)](#\($0.name)): \($0.summary)" }
    return """
      <!-- Made by `make docs` from Sources/Catalogue/Data: change it there. -->
      # What each component needs in etcd

      For Calico \(CalicoRelease.known.lowerBound) to \(CalicoRelease.known.upperBound). A range that ends in `*` is every key that begins so. **Corrected** is what the programs read and \
      write, found in their source; **documented** is the table that Calico publishes. A line counts on every release \
      and installation unless its condition says otherwise. **Seen** names the releases whose real program sent such a \
      request to an etcd with these roles, which allowed it; what was never seen was only read in the source.

      \(contents.joined(separator: "\n"))
      - [Features](#features)

      \(catalogue.components.map(component).joined(separator: "\n\n"))

      ## Features

      | feature | in use when |
      |---|---|
      \(catalogue.features.map { "| `\($0.name)` | \(cell($0.meaning)) |" }.joined(separator: "\n"))

      """
  }

  private static func component(_ component: Component) -> String {
    var parts = [
      "## \(component.name)", sentence(component.summary), "### Corrected", corrected(component.corrected),
    ]
    if let need = component.password {
      parts.append("**A user with a password**: \(need.why). Source: \(need.source).")
    }
    parts += component.roles.map { need in
      let when = need.condition.description
      return
        "**The role `\(need.role)`**\(when.isEmpty ? "" : ", \(when)"): \(need.why). Without: \(need.without). Source: \(need.source)."
    }
    let scoped = component.corrected.compactMap(\.nodeScope)
    if !scoped.isEmpty { parts += ["### With a user for each node", nodeScopes(component.corrected)] }
    if !component.seeds.isEmpty { parts += ["### Seeds", seeds(component.seeds)] }
    if let documented = component.documented {
      parts += ["### Documented", "Source: \(documented.source).", published(documented.entries)]
    }
    if !component.notes.isEmpty {
      parts.append(component.notes.map { "> \(sentence($0))" }.joined(separator: "\n>\n"))
    }
    return parts.joined(separator: "\n\n")
  }

  private static func corrected(_ entries: [CatalogueEntry]) -> String {
    table(
      ["range", "access", "condition", "what for", "without it", "seen", "source"],
      entries.map { entry in
        [
          "`\(entry.pattern)`", "\(entry.access)", entry.condition.description, entry.why,
          entry.without ?? "", entry.seen.text, entry.source,
        ]
      })
  }

  private static func nodeScopes(_ entries: [CatalogueEntry]) -> String {
    table(
      ["range", "of the node's own", "shared by all nodes", "why"],
      entries.compactMap { entry in
        entry.nodeScope.map { scope in
          ["`\(entry.pattern)`", parts(scope.own), parts(scope.shared), scope.why]
        }
      })
  }

  private static func parts(_ parts: [NodeScope.Part]) -> String {
    parts.map { part in
      let condition = part.condition.description
      return "\(part.access) `\(part.pattern)`\(condition.isEmpty ? "" : " (\(condition))")"
    }.joined(separator: "<br>")
  }

  private static func seeds(_ seeds: [Seed]) -> String {
    "What has to exist before the feature `\(Seed.feature)` may be claimed.\n\n"
      + table(
        ["key", "condition", "must", "why", "source"],
        seeds.map { ["`\($0.key)`", $0.condition.description, $0.must, $0.why, $0.source] })
  }

  private static func published(_ entries: [CatalogueEntry]) -> String {
    table(
      ["range", "access", "too much because"],
      entries.map { ["`\($0.pattern)`", "\($0.access)", $0.excess ?? ""] })
  }

  private static func table(_ header: [String], _ rows: [[String]]) -> String {
    let lines = [header, header.map { _ in "---" }] + rows.map { $0.map(cell) }
    return lines.map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n")
  }

  private static func cell(_ text: String) -> String {
    text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
  }

  private static func sentence(_ text: String) -> String {
    (text.first.map { $0.uppercased() } ?? "") + text.dropFirst() + (text.hasSuffix(".") ? "" : ".")
  }
}
