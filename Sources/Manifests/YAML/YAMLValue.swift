import YAML

/// The value of a YAML node, without place, comments and layout, by which two texts are compared.
indirect enum YAMLValue: Equatable, Sendable {
  /// A scalar; `isString` tells whether Kubernetes parses it as a string or as another type (null, number,
  /// boolean).
  case scalar(String, isString: Bool)
  case sequence([YAMLValue])
  /// In the order written.
  case mapping([Pair])
  /// An alias by its name: the node that it repeats is compared at its definition.
  case alias(String)
  case tagged(String, YAMLValue)
  /// A string of several lines, to be written as a literal block.
  case block(String)

  struct Pair: Equatable, Sendable {
    let key: YAMLValue
    let value: YAMLValue

    init(key: YAMLValue, value: YAMLValue) {
      self.key = key
      self.value = value
    }

    init(_ key: String, _ value: YAMLValue) { self.init(key: .string(key), value: value) }
    init(_ key: String, _ text: String) { self.init(key, .string(text)) }
  }

  static func string(_ text: String) -> YAMLValue { .scalar(text, isString: true) }
  /// A text, written as a literal block if it has several lines. One that ends in a line end is written in quotes:
  /// kustomize trims patches, and with them a block at their end.
  static func text(_ text: String) -> YAMLValue {
    text.contains("\n") && !text.hasSuffix("\n") ? .block(text) : .string(text)
  }
  static func bool(_ value: Bool) -> YAMLValue { .scalar("\(value)", isString: false) }
  static func number(_ value: Int) -> YAMLValue { .scalar("\(value)", isString: false) }

  static func mapping(_ pairs: KeyValuePairs<String, YAMLValue>) -> YAMLValue {
    .mapping(pairs.map { Pair($0.key, $0.value) })
  }

  /// The value as it is parsed: a block is a text.
  var plain: YAMLValue {
    switch self {
    case .scalar, .alias: self
    case .block(let text): .string(text)
    case .tagged(let tag, let value): .tagged(tag, value.plain)
    case .sequence(let items): .sequence(items.map(\.plain))
    case .mapping(let pairs): .mapping(pairs.map { Pair(key: $0.key, value: $0.value.plain) })
    }
  }

  /// The value with the keys of each mapping in alphabetical order: other programs write mappings in other orders.
  var sorted: YAMLValue {
    switch self {
    case .scalar, .alias, .block: return plain
    case .tagged(let tag, let value): return .tagged(tag, value.sorted)
    case .sequence(let items): return .sequence(items.map(\.sorted))
    case .mapping(let pairs):
      func name(_ pair: Pair) -> String { if case .scalar(let text, _) = pair.key { text } else { "" } }
      return .mapping(
        pairs.map { Pair(key: $0.key, value: $0.value.sorted) }.sorted { name($0) < name($1) })
    }
  }

  init(_ node: YAMLNode) { self.init(node, changing: [:]) }

  /// The value of a node with other texts in some of its scalars. The first of two texts for a scalar counts.
  init(_ node: YAMLNode, changing changes: [(scalar: YAMLNode, text: String)]) {
    self.init(
      node,
      changing: Dictionary(
        changes.map { ($0.scalar.range.lowerBound, $0.text) }, uniquingKeysWith: { first, _ in first }))
  }

  /// - Parameter changed: The new texts by the offset at which the scalars start.
  private init(_ node: YAMLNode, changing changed: [Int: String]) {
    let value: YAMLValue =
      switch node.content {
      case .alias(let name, _): .alias(name)
      case .sequence(let items, _): .sequence(items.map { YAMLValue($0, changing: changed) })
      case .mapping(let entries, _):
        .mapping(
          entries.map {
            Pair(key: YAMLValue($0.key), value: YAMLValue($0.value, changing: changed))
          })
      case .scalar(let text, let style):
        if let new = changed[node.range.lowerBound] {
          .string(new)
        } else {
          .scalar(text, isString: style != .plain || Self.isPlainString(text))
        }
      }
    self = node.tag.map { .tagged($0, value) } ?? value
  }

  /// Whether every YAML parser reads a text without quotes as a string. Stricter than necessary, because
  /// quotes are always correct.
  static func isPlainString(_ text: String) -> Bool {
    guard let first = text.utf8.first, first == UInt8(ascii: "/") || isLetter(first) else { return false }
    let safe = text.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) || "-_./+=".utf8.contains($0) }
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
    return safe && !words.contains(text.lowercased())
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) && byte < 0x80 }
}

extension [YAMLValue.Pair] {
  /// The keys that tell an object from others of its kind.
  static func naming(_ name: String, in namespace: String?) -> Self {
    [.init("name", name)] + (namespace.map { [.init("namespace", $0)] } ?? [])
  }
}
