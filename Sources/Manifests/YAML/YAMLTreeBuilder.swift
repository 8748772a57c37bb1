import YAML

/// Builds documents from libyaml's events. Uses its own stack, so that deep nesting is counted and cannot
/// overflow the call stack.
struct YAMLTreeBuilder {
  let offsets: CharacterOffsets
  private(set) var documents: [YAMLDocument] = []

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

    init(_ start: Event.Collection, isMapping: Bool, at offset: Int) {
      self.isMapping = isMapping
      self.isFlow = start.isFlow
      self.start = offset
      self.anchor = start.anchor
      self.tag = start.tag
    }
  }

  init(offsets: CharacterOffsets) { self.offsets = offsets }

  mutating func take(_ event: Event) throws(YAMLFault) {
    let range = byteRange(event)
    switch event.content {
    case .streamStart, .streamEnd: break
    case .documentStart(let isExplicit, let hasDirectives):
      try startDocument(isExplicit: isExplicit, hasDirectives: hasDirectives, at: range.lowerBound)
    case .documentEnd: endDocument()
    case .scalar(let scalar):
      add(
        YAMLNode(
          content: .scalar(scalar.text, scalar.style), range: range, anchor: scalar.anchor, tag: scalar.tag))
    case .alias(let name): add(try alias(name, range: range))
    case .sequenceStart(let start): try open(Collection(start, isMapping: false, at: range.lowerBound))
    case .mappingStart(let start): try open(Collection(start, isMapping: true, at: range.lowerBound))
    case .sequenceEnd, .mappingEnd: close(at: range.upperBound)
    }
  }

  private mutating func startDocument(
    isExplicit: Bool, hasDirectives: Bool, at offset: Int
  ) throws(YAMLFault) {
    if hasDirectives {
      throw YAMLFault(
        offset: offset, message: "has a YAML directive (a line that starts with %)",
        hint: "remove the directive: kubectl does not read it")
    }
    start = (offset, isExplicit)
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

  private mutating func alias(_ name: String, range: Range<Int>) throws(YAMLFault) -> YAMLNode {
    guard let target = anchors[name] else {
      throw YAMLFault(
        offset: range.lowerBound, message: "has the alias *\(name), whose anchor does not come before it",
        hint: "replace the alias with its content")
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

  private mutating func close(at end: Int) {
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
    add(
      YAMLNode(
        content: content, range: collection.start..<max(end, collection.start), anchor: collection.anchor,
        tag: collection.tag))
  }

  private mutating func add(_ node: YAMLNode) {
    if let anchor = node.anchor { anchors[anchor] = node }
    if stack.isEmpty { root = node } else { stack[stack.count - 1].items.append(node) }
  }

  private func byteRange(_ event: Event) -> Range<Int> {
    let start = offsets.byte(ofCharacter: event.start.index)
    return start..<max(start, offsets.byte(ofCharacter: event.end.index))
  }
}
