/// Edits as operations of a JSON patch (RFC 6902), which kustomize applies without plugins.
struct JSONPatch {
  struct Operation {
    let name: String
    /// A JSON pointer (RFC 6901).
    let path: String
    let value: YAMLValue?

    var yaml: YAMLValue {
      var pairs: [YAMLValue.Pair] = [
        .init("op", name), .init("path", path),
      ]
      if let value { pairs.append(.init("value", value)) }
      return .mapping(pairs)
    }
  }

  private(set) var operations: [Operation] = []

  /// - Parameters:
  ///   - edits: All edits of one object.
  ///   - root: The object before the edits.
  init(_ edits: [TreeEdit], of root: YAMLNode) {
    // From the end to the start, so that an operation does not move an item that a later one refers to.
    let ordered = edits.enumerated().sorted {
      ($0.element.position, $0.offset) > ($1.element.position, $1.offset)
    }
    for (_, edit) in ordered { operations += Self.operations(edit, of: root) }
  }

  private static func operations(_ edit: TreeEdit, of root: YAMLNode) -> [Operation] {
    func pointer(_ node: YAMLNode) -> String { root.pointer(to: node.range) ?? "" }
    switch edit {
    case .set(let scalar, let text), .setParts(let scalar, _, let text):
      let path = pointer(scalar)
      guard let old = scalar.string else {
        return [Operation(name: "add", path: path, value: .text(text))]
      }
      return [
        Operation(name: "test", path: path, value: .text(old)),
        Operation(name: "replace", path: path, value: .text(text)),
      ]
    case .duplicate(let item, let list, let changes):
      let index = (list.index(of: item) ?? 0) + 1
      return test(item, pointer(item))
        + [
          Operation(
            name: "add", path: "\(pointer(list))/\(index)", value: YAMLValue(item, changing: changes))
        ]
    case .replace(let item, let list, let values, _):
      let path = pointer(item)
      let index = list.index(of: item) ?? 0
      return test(item, path) + [Operation(name: "remove", path: path, value: nil)]
        + values.enumerated().map {
          Operation(name: "add", path: "\(pointer(list))/\(index + $0.offset)", value: $0.element)
        }
    case .append(let value, let list, _):
      // By index and not with `-`: several appended items are added from the last to the first.
      let count = list.items?.count ?? 0
      return [Operation(name: "add", path: "\(pointer(list))/\(count)", value: value)]
    case .prepend(let value, let entry, _):
      return [Operation(name: "add", path: "\(pointer(entry.value))/0", value: value)]
    case .insert(let pair, _, let mapping, _):
      guard case .scalar(let key, _) = pair.key else { return [] }
      return [Operation(name: "add", path: "\(pointer(mapping))/\(key.pointerToken)", value: pair.value)]
    case .fill(let entry, let items, let mapping, _):
      let key = entry.key.string ?? ""
      return [
        Operation(name: "add", path: "\(pointer(mapping))/\(key.pointerToken)", value: .sequence(items))
      ]
    case .remove(let entry, let mapping):
      let key = (entry.key.string ?? "").pointerToken
      return [Operation(name: "remove", path: "\(pointer(mapping))/\(key)", value: nil)]
    case .exchange(let entry, let pair, let mapping, _):
      guard case .scalar(let key, _) = pair.key else { return [] }
      let path = pointer(mapping)
      let old = (entry.key.string ?? "").pointerToken
      // `add` replaces the value of a key that exists.
      return (old == key.pointerToken ? [] : [Operation(name: "remove", path: "\(path)/\(old)", value: nil)])
        + [Operation(name: "add", path: "\(path)/\(key.pointerToken)", value: pair.value)]
    }
  }

  /// Tests that the item is still the one for which the patch was made.
  private static func test(_ item: YAMLNode, _ path: String) -> [Operation] {
    guard let name = item["name"]?.string else { return [] }
    return [Operation(name: "test", path: "\(path)/name", value: .string(name))]
  }
}

extension TreeEdit {
  fileprivate var position: Int {
    if case .append(_, let list, _) = self { return list.range.upperBound }
    return target.range.lowerBound
  }
}

extension YAMLNode {
  /// The JSON pointer from this node to the descendant with this range; nil without one.
  fileprivate func pointer(to target: Range<Int>) -> String? {
    if range == target { return "" }
    switch content {
    case .scalar, .alias: return nil
    case .sequence(let items, _):
      for (index, item) in items.enumerated() {
        if let rest = item.pointer(to: target) { return "/\(index)" + rest }
      }
    case .mapping(let entries, _):
      for entry in entries {
        if let rest = entry.value.pointer(to: target) {
          return "/\((entry.key.string ?? "").pointerToken)" + rest
        }
      }
    }
    return nil
  }

  fileprivate func index(of item: YAMLNode) -> Int? { items?.firstIndex { $0.range == item.range } }
}

extension String {
  fileprivate var pointerToken: String { replacing("~", with: "~0").replacing("/", with: "~1") }
}
