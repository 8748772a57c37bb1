/// Reads a text document by document.
///
/// It keeps its own stack, so that depth is a number and not a crash. What aliases stand for is shared in memory, and
/// counted each time, so that a traversal of a document visits a bounded number of nodes.
package struct DocumentReader {
  private let parser: EventParser
  private let limits: YAMLLimits
  private var anchors: [String: Part] = [:]
  private var stack: [Collection] = []
  private var repeatedKeys: [RepeatedKey] = []
  private var aliasedNodes = 0
  private var nodesInKeys = 0

  /// A node and how large it is with everything that aliases in it stand for.
  private struct Part {
    let node: Node
    var count = 1
    var height = 0
  }

  private struct Collection {
    let isMapping: Bool
    let mark: Mark
    let anchor: String?
    let tag: String?
    var items: [Node] = []
    var count = 1
    var height = 0
  }

  /// - Parameter text: without a byte order mark, which libyaml takes for indentation.
  /// - Throws: ``YAMLError`` where the text is too long, or memory is short.
  package init(_ text: String, limits: YAMLLimits = YAMLLimits()) throws(YAMLError) {
    parser = try EventParser(text.utf8, limits: limits)
    self.limits = limits
  }

  /// The next document; nil at the end, and after an error.
  package mutating func next() throws(YAMLError) -> Document? {
    (anchors, stack, repeatedKeys, aliasedNodes, nodesInKeys) = ([:], [], [], 0, 0)
    var root: Node?
    while let event = try parser.next() {
      switch event.content {
      case .streamStart, .streamEnd, .documentStart: break
      case .documentEnd: return root.map { Document(root: $0, repeatedKeys: repeatedKeys) }
      case .scalar(let scalar):
        let node = Node.scalar(
          Node.Scalar(
            string: scalar.text.withoutByteOrderMark, style: scalar.style, mark: event.start,
            writtenTag: scalar.tag,
            isTypedByText: scalar.isTypedByText))
        try add(Part(node: node), anchor: scalar.anchor, to: &root)
      case .sequenceStart(let start), .mappingStart(let start):
        var isMapping = false
        if case .mappingStart = event.content { isMapping = true }
        stack.append(
          Collection(
            isMapping: isMapping, mark: event.start, anchor: start.anchor,
            tag: start.tag == "!" ? nil : start.tag))
      case .sequenceEnd, .mappingEnd:
        guard let collection = stack.popLast() else { break }
        try add(part(collection), anchor: collection.anchor, to: &root)
      case .alias(let name): try add(target(of: name, at: event.start), anchor: nil, to: &root)
      }
    }
    return nil
  }

  private mutating func target(of alias: String, at mark: Mark) throws(YAMLError) -> Part {
    guard let part = anchors[alias] else { throw YAMLError(.composer, "found undefined alias", at: mark) }
    aliasedNodes += part.count
    guard aliasedNodes <= limits.aliasedNodes else {
      throw YAMLError(.limit, "its aliases stand for more than \(limits.aliasedNodes) values", at: mark)
    }
    guard stack.count + part.height <= limits.depth else { throw .tooDeep(limits, at: mark) }
    return part
  }

  private mutating func add(_ part: Part, anchor: String?, to root: inout Node?) throws(YAMLError) {
    if let anchor { anchors[anchor] = part }
    guard !stack.isEmpty else {
      root = part.node
      return
    }
    let last = stack.count - 1
    if stack[last].isMapping, stack[last].items.count.isMultiple(of: 2), part.height > 0 {
      // Keys are compared with each other, from the leaves on, once for each level of keys in keys.
      nodesInKeys += part.count
      guard nodesInKeys <= limits.aliasedNodes else {
        throw YAMLError(
          .limit, "its keys hold more than \(limits.aliasedNodes) values", at: part.node.mark)
      }
    }
    stack[last].items.append(part.node)
    stack[last].count += part.count
    stack[last].height = max(stack[last].height, part.height + 1)
  }

  private mutating func part(_ collection: Collection) -> Part {
    let items = collection.items
    let node: Node
    if collection.isMapping {
      let pairs = stride(from: 0, to: items.count - items.count % 2, by: 2).map {
        (key: items[$0], value: items[$0 + 1])
      }
      noteRepeatedKeys(pairs.map(\.key), of: collection.mark)
      node = .mapping(Node.Mapping(pairs: pairs, mark: collection.mark, writtenTag: collection.tag))
    } else {
      node = .sequence(Node.Sequence(items: items, mark: collection.mark, writtenTag: collection.tag))
    }
    return Part(node: node, count: collection.count, height: max(collection.height, 1))
  }

  private mutating func noteRepeatedKeys(_ keys: [Node], of mapping: Mark) {
    guard Set(keys).count < keys.count else { return }
    let repeated = Dictionary(grouping: keys, by: { $0 }).filter { $1.count > 1 }
    repeatedKeys += repeated.map {
      RepeatedKey(name: $0.string ?? "<uncovertable>", marks: $1.map(\.mark), mapping: mapping)
    }.sorted { ($0.name, $0.marks[0].index) < ($1.name, $1.marks[0].index) }
  }
}

extension String {
  /// A byte order mark at the start of a scalar is a remainder of concatenated files, invisible and unintended.
  fileprivate var withoutByteOrderMark: String {
    unicodeScalars.first == "\u{feff}" ? String(unicodeScalars.dropFirst()) : self
  }
}
