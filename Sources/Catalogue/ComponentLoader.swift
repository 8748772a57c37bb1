import Keyspace
import YAML

/// Parses the data file of one component. Anything unexpected is refused: the catalogue decides who may write
/// which keys, so nothing in it is guessed.
struct ComponentLoader {
  let file: String
  /// The features that a condition may name.
  let features: Set<String>

  func component(_ text: String) throws(CatalogueError) -> Component {
    let mapping = try StrictMapping(
      yamlRoot(text, file: file),
      keys: [
        "component", "summary", "placement", "password", "documented", "corrected", "roles", "seeds", "notes",
      ], file: file)
    let placement = try mapping.text("placement")
    guard let placement = Component.Placement(rawValue: placement) else {
      throw mapping.fault(
        "\"\(placement)\" is not a placement", hint: "use node, cluster or person", at: "placement")
    }
    _ = try mapping.node("corrected")
    return Component(
      name: try mapping.text("component"),
      summary: try mapping.text("summary"),
      placement: placement,
      password: mapping.has("password") ? try password(mapping.node("password")) : nil,
      documented: mapping.has("documented") ? try publishedTable(mapping.node("documented")) : nil,
      corrected: try flatMap(mapping.list("corrected"), correctedEntries),
      roles: try map(mapping.list("roles"), role),
      seeds: try map(mapping.list("seeds"), seed),
      notes: try mapping.texts("notes"))
  }

  // MARK: - Tables

  private func publishedTable(_ node: Node) throws(CatalogueError) -> Component.PublishedTable {
    let mapping = try StrictMapping(node, keys: ["source", "grants"], file: file)
    let source = try mapping.text("source")
    _ = try mapping.node("grants")
    let entries = try flatMap(mapping.list("grants")) { (node) throws(CatalogueError) in
      let row = try StrictMapping(node, keys: ["key", "prefix", "access", "excess"], file: file)
      let access = try access(row)
      let excess = try row.optionalText("excess")
      return try patterns(row).map {
        CatalogueEntry(
          pattern: $0, access: access, condition: .always, why: "the published table has it", source: source,
          without: nil, excess: excess, nodeScope: nil)
      }
    }
    return Component.PublishedTable(source: source, entries: entries)
  }

  /// One entry for each key or prefix of the row.
  private func correctedEntries(_ node: Node) throws(CatalogueError) -> [CatalogueEntry] {
    let row = try StrictMapping(
      node,
      keys: [
        "key", "prefix", "access", "why", "source", "without", "since", "until", "feature", "unless",
        "per-node",
      ], file: file)
    let access = try access(row)
    let condition = try condition(row)
    let (why, source, without) = (try row.text("why"), try row.text("source"), try row.text("without"))
    let nodeScope = row.has("per-node") ? try nodeScope(row.node("per-node")) : nil
    let patterns = try patterns(row)
    guard nodeScope == nil || patterns.count == 1 else {
      throw row.fault("\"per-node\" is used with several keys", hint: "write a row for each", at: "per-node")
    }
    return patterns.map {
      CatalogueEntry(
        pattern: $0, access: access, condition: condition, why: why, source: source, without: without,
        excess: nil, nodeScope: nodeScope)
    }
  }

  private func nodeScope(_ node: Node) throws(CatalogueError) -> NodeScope {
    let mapping = try StrictMapping(node, keys: ["own", "shared", "why"], file: file)
    return NodeScope(
      own: try flatMap(mapping.list("own")) { (node) throws(CatalogueError) in try parts(node, own: true) },
      shared: try flatMap(mapping.list("shared")) { (node) throws(CatalogueError) in
        try parts(node, own: false)
      },
      why: try mapping.text("why"))
  }

  private func parts(_ node: Node, own: Bool) throws(CatalogueError) -> [NodeScope.Part] {
    let row = try StrictMapping(
      node, keys: ["key", "prefix", "access", "since", "until", "feature", "unless"], file: file)
    let (access, condition) = (try access(row), try condition(row))
    return try patterns(row, own: own).map { NodeScope.Part($0, access, condition) }
  }

  // MARK: - Passwords, roles and seeds

  private func password(_ node: Node) throws(CatalogueError) -> PasswordNeed {
    let mapping = try StrictMapping(node, keys: ["why", "source"], file: file)
    return PasswordNeed(why: try mapping.text("why"), source: try mapping.text("source"))
  }

  private func role(_ node: Node) throws(CatalogueError) -> RoleNeed {
    let row = try StrictMapping(
      node, keys: ["role", "documented", "since", "until", "feature", "unless", "why", "source", "without"],
      file: file)
    return RoleNeed(
      role: try row.text("role"), condition: try condition(row),
      isDocumented: try row.optionalBool("documented") ?? false,
      why: try row.text("why"), source: try row.text("source"), without: try row.text("without"))
  }

  private func seed(_ node: Node) throws(CatalogueError) -> Seed {
    let row = try StrictMapping(
      node, keys: ["key", "must", "since", "until", "why", "source", "spares"], file: file)
    _ = try row.node("spares")
    return Seed(
      key: Key(try row.text("key")), condition: try condition(row), must: try row.text("must"),
      why: try row.text("why"), source: try row.text("source"),
      spares: try row.texts("spares").map { Key($0) })
  }

  // MARK: - What the rows have in common

  private func access(_ row: StrictMapping) throws(CatalogueError) -> Access {
    let word = try row.text("access")
    guard let access = Access(word) else {
      throw row.fault("\"\(word)\" is not an access", hint: "use read, write or readwrite", at: "access")
    }
    return access
  }

  private func condition(_ row: StrictMapping) throws(CatalogueError) -> Condition {
    let condition = Condition(
      since: try release(row, "since"), until: try release(row, "until"),
      feature: try feature(row, "feature"), unless: try feature(row, "unless"))
    if let since = condition.since, let until = condition.until, until < since {
      throw row.fault("\"until\" is before \"since\"", hint: "both are inclusive", at: "until")
    }
    return condition
  }

  private func release(_ row: StrictMapping, _ key: String) throws(CatalogueError) -> CalicoRelease? {
    guard let text = try row.optionalText(key) else { return nil }
    guard let release = CalicoRelease(text), CalicoRelease.known.contains(release),
      release.description == text
    else {
      throw row.fault(
        "\"\(text)\" is not a release of the catalogue",
        hint: "use \(CalicoRelease.known.lowerBound) to \(CalicoRelease.known.upperBound)", at: key)
    }
    return release
  }

  private func feature(_ row: StrictMapping, _ key: String) throws(CatalogueError) -> String? {
    guard let name = try row.optionalText(key) else { return nil }
    guard features.contains(name) else {
      throw row.fault("\"\(name)\" is not a feature", hint: "describe it in features.yaml first", at: key)
    }
    return name
  }

  /// The keys or the prefixes of the row, which has one or the other. Only patterns of a node's own part may
  /// contain the node's name.
  private func patterns(_ row: StrictMapping, own: Bool = false) throws(CatalogueError) -> [KeyPattern] {
    guard row.has("key") != row.has("prefix") else {
      throw row.fault("either \"key\" or \"prefix\" is needed, and not both", hint: "use key for exact keys")
    }
    let name = row.has("key") ? "key" : "prefix"
    return try row.texts(name).map { (text) throws(CatalogueError) in
      guard let pattern = KeyPattern(text, isPrefix: name == "prefix") else {
        throw row.fault(
          "\"\(text)\" has a placeholder that is unknown",
          hint: "use \(KeyPattern.Placeholder.allCases.map { "{\($0.rawValue)}" }.joined(separator: ", "))",
          at: name)
      }
      guard !text.contains("*") else {
        throw row.fault("\"\(text)\" has a star", hint: "etcd has none: use prefix", at: name)
      }
      guard pattern.namesNode == own else {
        throw row.fault(
          own ? "\"\(text)\" does not name the node" : "\"\(text)\" names a node",
          hint: "what names the node is listed under per-node, own, and nothing else is", at: name)
      }
      return pattern
    }
  }
}

/// `Sequence.map` that preserves the type of the error.
private func map<Element>(
  _ nodes: [Node], _ transform: (Node) throws(CatalogueError) -> Element
) throws(CatalogueError) -> [Element] {
  try nodes.map(transform)
}

private func flatMap<Element>(
  _ nodes: [Node], _ transform: (Node) throws(CatalogueError) -> [Element]
) throws(CatalogueError) -> [Element] {
  try nodes.map(transform).flatMap { $0 }
}
