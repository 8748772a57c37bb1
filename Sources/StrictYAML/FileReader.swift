import Text
import YAML

/// Reads values from YAML nodes and collects the faults, so that one run reports all of them. A file with very many is
/// another file, or one that is to keep the reader busy: the first hundred are enough.
package struct FileReader {
  package private(set) var faults: [Fault]
  private let repeatedKeys: [YAMLText.Position: String]

  package init(_ text: YAMLText) {
    faults = text.faults
    repeatedKeys = text.repeatedKeys
  }

  /// Reads a file.
  /// - Parameter file: Its name, for messages.
  /// - Throws: All faults of the file. `body` must record a fault before it returns nil.
  package static func read<Value>(
    _ text: YAMLText, file: String, _ body: (inout FileReader, Node) -> Value?
  ) throws(FileFaults) -> Value {
    var reader = FileReader(text)
    let value = text.root.flatMap { body(&reader, $0) }
    guard let value, reader.faults.isEmpty else {
      throw FileFaults(file: file, faults: reader.faults.map(text.inside))
    }
    return value
  }

  /// Records a fault at the position of a node.
  package mutating func fault(_ node: Node, _ message: String, hint: String? = nil) {
    guard !isFull else { return }
    let position = node.position
    let isLast = faults.count == Self.mostFaults
    faults.append(
      Fault(
        line: position.line, column: position.column,
        message: isLast ? "the file has more faults than \(Self.mostFaults)" : message,
        hint: isLast ? "correct the others first" : hint))
  }

  private static let mostFaults = 100
  /// Whether no fault is recorded any more.
  private var isFull: Bool { faults.count > Self.mostFaults }

  /// The values of a mapping by key.
  /// - Parameters:
  ///   - place: The name of the mapping in messages: `'etcd'`, or `the file`.
  ///   - known: All valid keys. Another key is a fault; the hint names the nearest valid key.
  ///   - required: The keys that must exist.
  package mutating func fields(
    _ node: Node, of place: String, known: [String], required: [String] = []
  ) -> [String: Node] {
    guard case .mapping(let mapping) = node else {
      fault(
        node, "\(place) must be a mapping, found \(Self.kind(node))",
        hint: "its keys: \(known.joined(separator: ", "))")
      return [:]
    }
    var fields: [String: Node] = [:]
    // A misspelled key counts as one fault, not also as a missing key.
    var meant: Set<String> = []
    for (key, value) in mapping.pairs where !isFull {
      if let name = repeatedKeys[key.position] {
        let line = mapping.pairs.last { $0.key.string == name }?.key.position.line
        fault(
          key, "the key \(quoted(name)) is already used\(line.map { " on line \($0)" } ?? "")",
          hint: "keep one of them")
        continue
      }
      guard case .scalar(let scalar) = key else {
        fault(
          key, "\(place) has \(Self.kind(key)) as a key", hint: "its keys: \(known.joined(separator: ", "))")
        continue
      }
      guard known.contains(scalar.string) else {
        NearestWord.of(scalar.string, among: known).map { _ = meant.insert($0) }
        fault(
          key, "unknown key \(quoted(scalar.string)) in \(place)",
          hint: NearestWord.hint(for: scalar.string, among: known))
        continue
      }
      fields[scalar.string] = value
    }
    for key in required where fields[key] == nil && !meant.contains(key) {
      fault(node, "\(place) lacks the key '\(key)'", hint: "add a line '\(key): …'")
    }
    return fields
  }

  /// The elements of a list; empty if `node` is nil.
  package mutating func elements(_ node: Node?, of place: String) -> [Node] {
    guard let node, !isFull else { return [] }
    guard case .sequence(let sequence) = node else {
      fault(
        node, "\(place) must be a list, found \(Self.kind(node))",
        hint: "write it as [a, b] or as lines that begin with '- '")
      return []
    }
    return sequence.items
  }

  /// A text. What YAML reads as a number, a boolean or null is a fault, except numbers if `numbers` is true.
  package mutating func text(_ node: Node?, of place: String, numbers: Bool = false) -> String? {
    guard let node else { return nil }
    let kind = Self.kind(node)
    guard case .scalar(let scalar) = node, kind == "a text" || (numbers && kind == "a number") else {
      let isWord = kind == "a number" || kind == "a boolean"
      fault(
        node, "\(place) must be a text, found \(kind)",
        hint: isWord ? node.scalar.map { "write it in quotes: \"\($0.string)\"" } : nil)
      return nil
    }
    guard !scalar.string.isEmpty else {
      fault(node, "\(place) is empty")
      return nil
    }
    return scalar.string
  }

  /// Checks a text that has only one valid value, such as `kind`.
  package mutating func constant(_ node: Node?, of place: String, _ expected: String) {
    guard let node, let found = text(node, of: place), found != expected else { return }
    fault(node, "\(place) cannot be \(quoted(found))", hint: "write '\(expected)'")
  }

  /// One of the values of `Choice`.
  package mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ node: Node?, of place: String
  ) -> Choice? where Choice.RawValue == String {
    guard let node, let word = text(node, of: place) else { return nil }
    if let choice = Choice(rawValue: word) { return choice }
    guard !isFull else { return nil }
    fault(
      node, "\(place) cannot be \(quoted(word))",
      hint: NearestWord.hint(for: word, among: Choice.allCases.map(\.rawValue)))
    return nil
  }

  /// The YAML type of a node, in words for messages.
  private static func kind(_ node: Node) -> String {
    switch node {
    case .mapping: return "a mapping"
    case .sequence: return "a list"
    case .scalar(let scalar):
      let tag = scalar.tag
      switch tag.hasPrefix(yamlTags) ? tag.dropFirst(yamlTags.count) : "" {
      case "int", "float": return "a number"
      case "bool": return "a boolean"
      case "null": return "nothing"
      case "str", "timestamp", "merge", "value": return "a text"
      default: return "a value with the tag \(quoted(tag))"
      }
    }
  }

  private static let yamlTags = "tag:yaml.org,2002:"
}

extension Node {
  /// The start of the node.
  package var position: YAMLText.Position { YAMLText.Position(line: mark.line, column: mark.column) }
}
