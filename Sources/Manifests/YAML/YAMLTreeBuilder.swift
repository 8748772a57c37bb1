internal import CYaml

/// Builds documents from libyaml's events. Uses its own stack, so that deep nesting is counted and cannot
/// overflow the call stack.
struct YAMLTreeBuilder {
  let offsets: CharacterOffsets
  private(set) var documents: [YAMLDocument] = []
  private(set) var isDone = false

  private var stack: [Collection] = []
  private var anchors: [String: YAMLNode] = [:]
  private var aliases: [(anchor: String, target: Range<Int>, offset: Int)] = []
  private var start = (offset: 0, hasMarker: false)
  private var root: YAMLNode?

  private struct Collection {
    let isMapping: Bool
    let isFlow: Bool
    let start: Int
    let anchor: String?
    let tag: String?
    var items: [YAMLNode] = []
  }

  init(offsets: CharacterOffsets) { self.offsets = offsets }

  mutating func take(_ event: yaml_event_t) throws(YAMLFault) {
    let range = byteRange(event)
    switch event.type {
    case YAML_STREAM_END_EVENT: isDone = true
    case YAML_DOCUMENT_START_EVENT: try startDocument(event, at: range.lowerBound)
    case YAML_DOCUMENT_END_EVENT: endDocument()
    case YAML_SCALAR_EVENT: try add(scalar(event, range: range))
    case YAML_ALIAS_EVENT: try add(alias(event.data.alias.anchor, range: range))
    case YAML_SEQUENCE_START_EVENT:
      let data = event.data.sequence_start
      try open(
        Collection(
          isMapping: false, isFlow: data.style == YAML_FLOW_SEQUENCE_STYLE, start: range.lowerBound,
          anchor: string(data.anchor), tag: string(data.tag)))
    case YAML_MAPPING_START_EVENT:
      let data = event.data.mapping_start
      try open(
        Collection(
          isMapping: true, isFlow: data.style == YAML_FLOW_MAPPING_STYLE, start: range.lowerBound,
          anchor: string(data.anchor), tag: string(data.tag)))
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: try close(at: range.upperBound)
    default: break
    }
  }

  private mutating func startDocument(_ event: yaml_event_t, at offset: Int) throws(YAMLFault) {
    let data = event.data.document_start
    if data.version_directive != nil || data.tag_directives.start != data.tag_directives.end {
      throw YAMLFault(
        offset: offset, message: "has a YAML directive (a line that starts with %)",
        hint: "take the directive out: kubectl does not read it")
    }
    start = (offset, data.implicit == 0)
    if var previous = documents.popLast() {
      previous.range = previous.range.lowerBound..<offset
      documents.append(previous)
    }
    anchors = [:]
    aliases = []
    root = nil
  }

  private mutating func endDocument() {
    guard let root else { return }
    let shared = Dictionary(grouping: aliases, by: \.target).map { target, uses in
      YAMLDocument.SharedNode(
        anchor: uses.first?.anchor ?? "", range: target, aliases: uses.map(\.offset))
    }
    documents.append(
      YAMLDocument(
        range: start.offset..<offsets.end, hasMarker: start.hasMarker, root: root,
        shared: shared.sorted { $0.range.lowerBound < $1.range.lowerBound }))
  }

  private func scalar(_ event: yaml_event_t, range: Range<Int>) -> YAMLNode {
    let data = event.data.scalar
    let bytes = UnsafeBufferPointer(start: data.value, count: data.length)
    let style: YAMLNode.ScalarStyle =
      switch data.style {
      case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
      case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
      case YAML_LITERAL_SCALAR_STYLE: .literal
      case YAML_FOLDED_SCALAR_STYLE: .folded
      default: .plain
      }
    return YAMLNode(
      content: .scalar(String(decoding: bytes, as: UTF8.self), style), range: range,
      anchor: string(data.anchor), tag: string(data.tag))
  }

  private mutating func alias(_ name: UnsafeMutablePointer<yaml_char_t>?, range: Range<Int>) throws(YAMLFault)
    -> YAMLNode
  {
    let name = string(name) ?? ""
    guard let target = anchors[name] else {
      throw YAMLFault(
        offset: range.lowerBound, message: "has the alias *\(name), whose anchor does not come before it",
        hint: "write out what the alias stands for")
    }
    aliases.append((name, target.range, range.lowerBound))
    return YAMLNode(content: .alias(name, target), range: range)
  }

  private mutating func open(_ collection: Collection) throws(YAMLFault) {
    guard stack.count < YAMLParser.maximumDepth else {
      throw YAMLFault(
        offset: collection.start, message: "is nested more than \(YAMLParser.maximumDepth) levels deep",
        hint: "give a Kubernetes manifest")
    }
    stack.append(collection)
  }

  private mutating func close(at end: Int) throws(YAMLFault) {
    guard let collection = stack.popLast() else { return }
    let items = collection.items
    let content: YAMLNode.Content =
      if collection.isMapping {
        .mapping(
          stride(from: 0, to: items.count - items.count % 2, by: 2).map {
            YAMLEntry(key: items[$0], value: items[$0 + 1])
          }, flow: collection.isFlow)
      } else {
        .sequence(items, flow: collection.isFlow)
      }
    let end = collection.isFlow ? end : items.last?.range.upperBound ?? collection.start
    try add(
      YAMLNode(
        content: content, range: collection.start..<max(end, collection.start), anchor: collection.anchor,
        tag: collection.tag))
  }

  private mutating func add(_ node: YAMLNode) throws(YAMLFault) {
    if let anchor = node.anchor { anchors[anchor] = node }
    if stack.isEmpty { root = node } else { stack[stack.count - 1].items.append(node) }
  }

  private func string(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    pointer.map { String(decodingCString: UnsafePointer($0), as: UTF8.self) }
  }

  private func byteRange(_ event: yaml_event_t) -> Range<Int> {
    let start = offsets.byte(ofCharacter: event.start_mark.index)
    return start..<max(start, offsets.byte(ofCharacter: event.end_mark.index))
  }
}
