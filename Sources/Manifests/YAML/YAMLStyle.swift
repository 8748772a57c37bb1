import YAML

/// How a manifest writes its lists and quotes, taken from the nodes next to a new node.
struct YAMLStyle: Sendable {
  /// The quote around keys and around strings; nil for none.
  var keyQuote: Character?
  var valueQuote: Character?
  /// How far the dash of a list is indented from its key: 0 or 2.
  var sequenceOffset = 2
  /// The number of spaces between a dash and its item.
  var gap = 1

  /// No unnecessary quotes, lists indented by two.
  static let usual = YAMLStyle()

  private init() {}

  /// The quotes of a mapping's first key and of its first string.
  init(like mapping: YAMLNode) {
    let first = mapping.entries?.first
    keyQuote = Self.quote(of: first?.key)
    valueQuote = Self.quote(of: mapping.entries?.first { $0.value.string != nil }?.value)
  }

  private static func quote(of node: YAMLNode?) -> Character? {
    guard case .scalar(_, let style)? = node?.resolved.content else { return nil }
    return switch style {
    case .singleQuoted: "'"
    case .doubleQuoted: "\""
    case .plain, .literal, .folded: nil
    }
  }

  /// A string in the given quotes; without one, in double quotes if it could be parsed as another type.
  static func quoted(_ text: String, with quote: Character?) -> String {
    switch quote {
    case "'" where !text.contains("\n"): return "'" + text.replacing("'", with: "''") + "'"
    case nil where YAMLValue.isPlainString(text): return text
    default:
      let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      return "\"" + escaped.replacing("\n", with: "\\n").replacing("\r", with: "\\r") + "\""
    }
  }

  /// A value as the lines of an item in a block list, with the dash at a column.
  func item(_ value: YAMLValue, dashColumn: Int) -> [String] {
    var lines = block(value, indent: dashColumn + 1 + gap)
    guard let first = lines.first else { return [] }
    lines[0] = spaces(dashColumn) + "-" + spaces(gap) + first.drop { $0 == " " }
    return lines
  }

  /// A value as the lines of a block.
  func block(_ value: YAMLValue, indent: Int) -> [String] {
    switch value {
    case .scalar, .alias, .tagged, .block: return [spaces(indent) + inline(value)]
    case .sequence(let items): return items.flatMap { item($0, dashColumn: indent) }
    case .mapping(let pairs):
      return pairs.flatMap { pair -> [String] in
        let key = spaces(indent) + inline(pair.key, quote: keyQuote) + ":"
        switch pair.value {
        case .mapping: return [key] + block(pair.value, indent: indent + 2)
        case .sequence: return [key] + block(pair.value, indent: indent + sequenceOffset)
        case .block(let text): return Self.literal(text, after: key, indent: indent + 2)
        case .scalar, .alias, .tagged: return [key + " " + inline(pair.value)]
        }
      }
    }
  }

  /// A text as a literal block that every parser reads as this text, with its line ends.
  private static func literal(_ text: String, after key: String, indent: Int) -> [String] {
    var lines = text.lines
    let ends = lines.reversed().prefix { $0.isEmpty }.count
    let chomping = ends == 0 ? "-" : ends == 1 ? "" : "+"
    // A block with all line ends has one for each of its lines.
    if ends > 0 { lines.removeLast() }
    // Without it, a first line that begins with a space would set the indentation.
    let indicator = text.first == " " || text.first == "\n" ? "2" : ""
    return ["\(key) |\(indicator)\(chomping)"]
      + lines.map { $0.isEmpty ? "" : String(repeating: " ", count: indent) + $0 }
  }

  /// A value on one line, as in flow style.
  func inline(_ value: YAMLValue) -> String { inline(value, quote: valueQuote) }

  private func inline(_ value: YAMLValue, quote: Character?) -> String {
    switch value {
    case .scalar(let text, true): Self.quoted(text, with: quote)
    case .scalar(let text, false): text
    case .block(let text): Self.quoted(text, with: "\"")
    case .alias(let name): "*\(name)"
    case .tagged(let tag, let value): "\(Self.written(tag)) \(inline(value, quote: quote))"
    case .sequence(let items): "[" + items.map { inline($0) }.joined(separator: ", ") + "]"
    case .mapping(let pairs):
      "{" + pairs.map { inline($0.key, quote: keyQuote) + ": " + inline($0.value) }.joined(separator: ", ")
        + "}"
    }
  }

  /// A tag as a document has it; the parser gives the whole name of `!!int` (YAML 1.1, section 8.2.2).
  private static func written(_ tag: String) -> String {
    let core = "tag:yaml.org,2002:"
    if tag.hasPrefix(core) { return "!!" + tag.dropFirst(core.count) }
    return tag.hasPrefix("!") ? tag : "!<\(tag)>"
  }

  private func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }
}
