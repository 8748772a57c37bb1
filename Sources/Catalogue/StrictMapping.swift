import YAML

/// A YAML mapping that refuses unknown keys.
struct StrictMapping {
  let file: String
  private let node: Node
  private let values: [String: Node]

  /// - Throws: ``CatalogueError`` if `node` is not a mapping, or has a key that is not in `keys`.
  init(_ node: Node, keys: [String], file: String) throws(CatalogueError) {
    self.node = node
    self.file = file
    guard let mapping = node.mapping else {
      throw CatalogueError(
        "a mapping was expected", hint: "its keys are \(keys.joined(separator: ", "))", file: file,
        line: node.mark.line)
    }
    var values: [String: Node] = [:]
    for (key, value) in mapping.pairs {
      guard let name = key.scalar?.string, keys.contains(name) else {
        throw CatalogueError(
          "the key \"\(key.scalar?.string ?? "?")\" is unknown here",
          hint: "known keys are \(keys.joined(separator: ", "))", file: file, line: key.mark.line)
      }
      values[name] = value
    }
    self.values = values
  }

  func fault(_ message: String, hint: String, at key: String? = nil) -> CatalogueError {
    CatalogueError(message, hint: hint, file: file, line: (key.flatMap { values[$0] } ?? node).mark.line)
  }

  func has(_ key: String) -> Bool { values[key] != nil }

  func node(_ key: String) throws(CatalogueError) -> Node {
    guard let value = values[key] else {
      throw fault("\"\(key)\" is missing", hint: "every entry of this kind has it")
    }
    return value
  }

  /// A non-empty string; nil if the key does not exist.
  func optionalText(_ key: String) throws(CatalogueError) -> String? {
    try values[key].map { (value) throws(CatalogueError) in try text(value, key) }
  }

  func text(_ key: String) throws(CatalogueError) -> String { try text(node(key), key) }

  /// The elements of a sequence; empty if the key does not exist.
  func list(_ key: String) throws(CatalogueError) -> [Node] {
    guard let value = values[key] else { return [] }
    guard let sequence = value.sequence else {
      throw fault("\"\(key)\" is not a list", hint: "begin each of its elements with \"- \"", at: key)
    }
    return sequence
  }

  /// The strings of a list, or a single string; empty if the key does not exist.
  func texts(_ key: String) throws(CatalogueError) -> [String] {
    guard let value = values[key] else { return [] }
    guard let sequence = value.sequence else { return [try text(value, key)] }
    return try sequence.map { (element) throws(CatalogueError) in try text(element, key) }
  }

  func optionalBool(_ key: String) throws(CatalogueError) -> Bool? {
    guard let word = try optionalText(key) else { return nil }
    guard word == "true" || word == "false" else {
      throw fault("\"\(key)\" is \"\(word)\"", hint: "write true or false", at: key)
    }
    return word == "true"
  }

  private func text(_ value: Node, _ key: String) throws(CatalogueError) -> String {
    guard let text = value.scalar?.string, !text.isEmpty else {
      throw CatalogueError(
        "\"\(key)\" is not a text", hint: "write one sentence", file: file, line: value.mark.line)
    }
    return text
  }
}

/// The root of a YAML file that contains one document.
func yamlRoot(_ text: String, file: String) throws(CatalogueError) -> Node {
  let (document, second): (Document?, Document?)
  do throws(YAMLError) {
    var reader = try DocumentReader(text)
    (document, second) = (try reader.next(), try reader.next())
  } catch {
    throw CatalogueError(
      "the file is not valid YAML: \(error.problem)", hint: "correct the file's syntax", file: file,
      line: error.mark.line)
  }
  guard let document else {
    throw CatalogueError("the file is empty", hint: "describe a component", file: file)
  }
  if let first = document.repeatedKeys.first {
    let keys = document.repeatedKeys.filter { $0.mapping == first.mapping }.map { "\"\($0.name)\"" }
    throw CatalogueError(
      "a mapping has \(keys.joined(separator: ", ")) twice", hint: "keep one of them", file: file,
      line: first.marks[0].line)
  }
  if let second {
    throw CatalogueError(
      "the file is not valid YAML: but found another document", hint: "correct the file's syntax", file: file,
      line: second.root.mark.line)
  }
  return document.root
}
