import Yams

/// Reads values out of YAML nodes and notes every fault on the way, so that all of them can be told at once.
struct FileReader {
  private(set) var faults: [Fault] = []

  mutating func fault(_ node: Node, _ message: String, hint: String? = nil) {
    faults.append(
      Fault(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1, message: message, hint: hint))
  }

  /// The values of a mapping by key.
  /// - Parameters:
  ///   - place: How a message names the mapping: `'etcd'`, or `the file`.
  ///   - known: Every key that there is. Another one is a fault, with the nearest of these as a hint.
  ///   - required: The keys that must be there.
  mutating func fields(
    _ node: Node, of place: String, known: [String], required: [String] = []
  ) -> [String: Node] {
    guard case .mapping(let mapping) = node else {
      fault(
        node, "\(place) must be a mapping, found \(Self.kind(node))",
        hint: "its keys: \(known.joined(separator: ", "))")
      return [:]
    }
    var fields: [String: Node] = [:]
    for (key, value) in mapping {
      guard case .scalar(let scalar) = key, known.contains(scalar.string) else {
        let name = key.scalar?.string ?? "?"
        fault(key, "unknown key '\(name)' in \(place)", hint: NearestWord.hint(for: name, among: known))
        continue
      }
      fields[scalar.string] = value
    }
    for key in required where fields[key] == nil {
      fault(node, "\(place) lacks the key '\(key)'", hint: "add a line '\(key): …'")
    }
    return fields
  }

  /// The elements of a list; none if the key is not there.
  mutating func elements(_ node: Node?, of place: String) -> [Node] {
    guard let node else { return [] }
    guard case .sequence(let sequence) = node else {
      fault(
        node, "\(place) must be a list, found \(Self.kind(node))",
        hint: "write it as [a, b] or as lines that begin with '- '")
      return []
    }
    return Array(sequence)
  }

  /// A text. What YAML takes for a number, a boolean or nothing is a fault, unless `numbers` are welcome.
  mutating func text(_ node: Node?, of place: String, numbers: Bool = false) -> String? {
    guard let node else { return nil }
    guard case .scalar(let scalar) = node else {
      fault(node, "\(place) must be a text, found \(Self.kind(node))")
      return nil
    }
    let kind = Self.kind(node)
    guard kind == "a text" || (numbers && kind == "a number") else {
      fault(
        node, "\(place) must be a text, found \(kind)",
        hint: scalar.string.isEmpty ? nil : "write it in quotes: \"\(scalar.string)\"")
      return nil
    }
    guard !scalar.string.isEmpty else {
      fault(node, "\(place) is empty")
      return nil
    }
    return scalar.string
  }

  /// One of a few words.
  mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ node: Node?, of place: String
  ) -> Choice? where Choice.RawValue == String {
    guard let node, let word = text(node, of: place) else { return nil }
    if let choice = Choice(rawValue: word) { return choice }
    fault(
      node, "\(place) cannot be '\(word)'",
      hint: NearestWord.hint(for: word, among: Choice.allCases.map(\.rawValue)))
    return nil
  }

  /// What YAML takes a node for, in words.
  private static func kind(_ node: Node) -> String {
    switch node {
    case .mapping: return "a mapping"
    case .sequence: return "a list"
    case .alias: return "an alias"
    case .scalar:
      switch node.tag.description {
      case "tag:yaml.org,2002:int", "tag:yaml.org,2002:float": return "a number"
      case "tag:yaml.org,2002:bool": return "a boolean"
      case "tag:yaml.org,2002:null": return "nothing"
      default: return "a text"
      }
    }
  }
}
