extension Sequence {
  /// The elements by key, in the order in which each key appears first.
  package func groupedInOrder<Key: Hashable>(by key: (Element) -> Key) -> [(key: Key, elements: [Element])] {
    var positions: [Key: Int] = [:]
    var groups: [(key: Key, elements: [Element])] = []
    for element in self {
      let key = key(element)
      if let position = positions[key] {
        groups[position].elements.append(element)
      } else {
        positions[key] = groups.count
        groups.append((key, [element]))
      }
    }
    return groups
  }
}

extension Sequence<Grant> {
  /// One grant for each range, in the order of the first: etcd stores one access per range of a role, so the accesses
  /// of one range are merged.
  package var onePerRange: [Grant] {
    groupedInOrder(by: \.range).map { range, grants in
      Grant(range, grants.reduce(into: Access()) { $0.formUnion($1.access) })
    }
  }
}
