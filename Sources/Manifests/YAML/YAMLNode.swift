import YAML

/// A YAML node with its place in the text. Aliases are kept as aliases.
struct YAMLNode: Sendable {
  indirect enum Content: Sendable {
    case scalar(String, ScalarStyle)
    case sequence([YAMLNode], flow: Bool)
    case mapping([YAMLEntry], flow: Bool)
    case alias(String, YAMLNode)
  }

  let content: Content
  /// From the first byte, anchor and tag included, to the end of the last scalar. (libyaml ends a block
  /// collection at the start of the next token, after comments and blank lines.)
  let range: Range<Int>
  var anchor: String?
  var tag: String?

  /// The node itself, or the target of the alias.
  var resolved: YAMLNode {
    if case .alias(_, let target) = content { return target }
    return self
  }

  /// The text of a scalar; nil for a null.
  var string: String? {
    guard case .scalar(let text, _) = resolved.content, !isNull else { return nil }
    return text
  }

  var isNull: Bool {
    if resolved.tag == "tag:yaml.org,2002:null" { return true }
    guard case .scalar(let text, .plain) = resolved.content else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }

  /// The items of a sequence, aliases resolved.
  var items: [YAMLNode]? {
    guard case .sequence(let items, _) = resolved.content else { return nil }
    return items.map(\.resolved)
  }

  /// The entries of a mapping as written.
  var entries: [YAMLEntry]? {
    guard case .mapping(let entries, _) = resolved.content else { return nil }
    return entries
  }

  var isFlow: Bool {
    switch resolved.content {
    case .sequence(_, let flow), .mapping(_, let flow): flow
    case .scalar, .alias: false
    }
  }

  func entry(_ key: String) -> YAMLEntry? {
    entries?.first { entry in
      guard case .scalar(let text, _) = entry.key.content else { return false }
      return text == key
    }
  }

  /// The value of a key, with aliases resolved and merge keys (`<<`) followed, as in Kubernetes' own parser.
  subscript(key: String) -> YAMLNode? {
    var seen: Set<Int> = []
    return value(of: key, seen: &seen)
  }

  /// Visits each merged mapping once, however often it is merged.
  private func value(of key: String, seen: inout Set<Int>) -> YAMLNode? {
    if let own = entry(key) { return own.value.resolved }
    guard let merged = entry("<<")?.value.resolved else { return nil }
    for source in merged.items ?? [merged] where seen.insert(source.range.lowerBound).inserted {
      if let value = source.value(of: key, seen: &seen) { return value }
    }
    return nil
  }

  /// Calls `visit` for this node and all nodes below it, each once: aliases are not followed.
  func walk(_ visit: (YAMLNode) -> Void) {
    visit(self)
    switch content {
    case .scalar, .alias: break
    case .sequence(let items, _): for item in items { item.walk(visit) }
    case .mapping(let entries, _):
      for entry in entries {
        entry.key.walk(visit)
        entry.value.walk(visit)
      }
    }
  }
}

/// A key and its value.
struct YAMLEntry: Sendable {
  let key: YAMLNode
  let value: YAMLNode
}

/// One document of a stream.
struct YAMLDocument: Sendable {
  /// From its `---` line, or from its first content if it has none, to the next document or the end of the
  /// text.
  var range: Range<Int>
  let hasMarker: Bool
  let root: YAMLNode
  /// Nodes that aliases use at further places: an edit of such a node would change all of these places.
  let shared: [SharedNode]

  /// A node with an anchor, and the aliases that repeat it.
  struct SharedNode: Sendable {
    let anchor: String
    let range: Range<Int>
    let aliases: [Int]
  }
}
