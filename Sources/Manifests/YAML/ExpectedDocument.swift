/// The value that a document must have after its edits, computed only from the parsed original.
struct ExpectedDocument {
  private var scalars: [Int: String] = [:]
  private var itemsAfter: [Int: [YAMLValue]] = [:]
  private var itemsBefore: [Int: [YAMLValue]] = [:]
  private var pairsAfter: [Int: [YAMLValue.Pair]] = [:]
  private var replaced: [Int: [YAMLValue]] = [:]
  private var filled: [Int: YAMLValue] = [:]
  private var removed: Set<Int> = []

  init(_ edits: [TreeEdit]) {
    for edit in edits {
      switch edit {
      case .set(let scalar, let text), .setParts(let scalar, _, let text):
        scalars[scalar.range.lowerBound] = text
      case .duplicate(let item, _, let changes):
        itemsAfter[item.range.lowerBound, default: []].append(YAMLValue(item, changing: changes))
      case .append(let value, let list, _):
        guard case .sequence(let items, _) = list.content, let last = items.last else { continue }
        itemsAfter[last.range.lowerBound, default: []].append(value.plain)
      case .prepend(let value, let entry, _):
        guard let first = entry.value.items?.first else { continue }
        itemsBefore[first.range.lowerBound, default: []].append(value)
      case .replace(let item, _, let values, _): replaced[item.range.lowerBound] = values
      case .insert(let pair, let entry, _, _):
        pairsAfter[entry.key.range.lowerBound, default: []].append(pair)
      case .fill(let entry, let items, _, _): filled[entry.key.range.lowerBound] = .sequence(items)
      case .remove(let entry, _): removed.insert(entry.key.range.lowerBound)
      case .exchange(let entry, let pair, _, _):
        removed.insert(entry.key.range.lowerBound)
        pairsAfter[entry.key.range.lowerBound, default: []].append(pair)
      }
    }
  }

  func value(of node: YAMLNode) -> YAMLValue {
    let value: YAMLValue
    switch node.content {
    case .alias(let name, _): value = .alias(name)
    case .scalar:
      if let text = scalars[node.range.lowerBound] { return .string(text) }
      return YAMLValue(node)
    case .sequence(let items, _):
      value = .sequence(
        items.flatMap { item in
          (itemsBefore[item.range.lowerBound] ?? [])
            + (replaced[item.range.lowerBound] ?? [self.value(of: item)])
            + (itemsAfter[item.range.lowerBound] ?? [])
        })
    case .mapping(let entries, _):
      value = .mapping(
        entries.flatMap { entry -> [YAMLValue.Pair] in
          let key = entry.key.range.lowerBound
          if removed.contains(key) { return pairsAfter[key] ?? [] }
          let own = YAMLValue.Pair(
            key: YAMLValue(entry.key), value: filled[key] ?? self.value(of: entry.value))
          return [own] + (pairsAfter[key] ?? [])
        })
    }
    return node.tag.map { .tagged($0, value) } ?? value
  }
}
