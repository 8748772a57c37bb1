import Catalogue
import Keyspace
import Segmentation

extension AccessMatrix {
  package init(_ segmentation: Segmentation) {
    let groups = IdentityGroup.groups(segmentation)
    let reach = groups.map { Reach($0.identities[0], segmentation) }
    let parts = Self.parts(segmentation)
    let limited = groups.indices.filter { !groups[$0].identities[0].isRoot }
    var rows: [Row] = []
    var cells: [[Cell]] = []
    var unreached: [String] = []
    for (name, keys) in parts where !keys.isEmpty {
      let row = Row(
        name: name, family: Self.family(keys, kubernetes: segmentation.kubernetes), keys: Self.words(keys))
      let found = reach.map { $0.cell(keys) }
      if limited.allSatisfy({ found[$0].isEmpty }), !Self.isAlwaysShown(row.family) {
        unreached.append(name)
      } else {
        rows.append(row)
        cells.append(found)
      }
    }
    // By family, and in the order of the keys within.
    let order = Self.familyNames.flatMap { family in rows.indices.filter { rows[$0].family == family } }
    self.rows = order.map { rows[$0] }
    self.cells = order.map { cells[$0] }
    self.unreached = unreached
    columns = groups.enumerated().map { index, group in
      let first = group.identities[0]
      return Column(
        name: group.name, letter: Self.letter(index), what: group.what, users: group.identities.map(\.user),
        nodes: first.node == nil ? Self.nodes(first) : group.identities.count,
        isDivided: first.node != nil, isRoot: first.isRoot,
        grants: first.isRoot ? [] : Self.grants(of: first, segmentation))
    }
  }

  /// The ranges, or where there are many what they have in common: `the rest of /calico/ipam/v2/*`.
  private static func words(_ keys: KeyRangeSet) -> String {
    guard keys.ranges.count > 2, let first = keys.ranges.first, let last = keys.ranges.last else {
      return keys.ranges.map(\.description).joined(separator: ", ")
    }
    let end = last.upper ?? Key([])
    let common = zip(first.lower.bytes, end.bytes).prefix { $0 == $1 }.map(\.0)
    // The end of the last range is the key after all with the prefix: it differs in the slash.
    guard let slash = (common + [UInt8(ascii: "/")]).lastIndex(of: UInt8(ascii: "/")), !common.isEmpty else {
      return "all other keys"
    }
    return "the rest of \(Key((common + [UInt8(ascii: "/")])[...slash]))*"
  }

  /// `A` to `Z`, then `AA`.
  static func letter(_ index: Int) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return index < letters.count
      ? String(letters[index])
      : letter(index / letters.count - 1) + String(letters[index % letters.count])
  }

  private static func nodes(_ identity: Identity) -> Int {
    if case .nodes(let nodes) = identity.place { nodes.count } else { 0 }
  }

  private static func grants(of identity: Identity, _ segmentation: Segmentation) -> [GrantLine] {
    identity.roles.compactMap { segmentation[role: $0] }.flatMap { role in
      role.grants.map { line in
        let range = line.grant.range.description
        let isOwn = role.name == identity.user
        return GrantLine(
          range: identity.node.map { isOwn ? range.replacing($0.text, with: "NODE") : range } ?? range,
          access: line.grant.access.description, why: line.why)
      }
    }
  }

  // MARK: - Rows

  /// The named parts of the keyspace, and the ranges that roles have beside them.
  package static func parts(_ segmentation: Segmentation) -> [(name: String, keys: KeyRangeSet)] {
    var parts = segmentation.keyNames.parts
    guard let others = parts.indices.last else { return parts }
    // Of roles that many nodes have, no own ranges are outside of the named places.
    let granted = segmentation.roles.filter { segmentation[identity: $0.name]?.node == nil }
      .flatMap { $0.grants.map(\.grant.range) }
    var seen: Set<KeyRange> = []
    var own: [(name: String, keys: KeyRangeSet)] = []
    for range in granted where range.upper != nil && parts[others].keys.contains(range) {
      guard own.count < mostOwnRows, seen.insert(range).inserted else { continue }
      let keys = KeyRangeSet([range]).intersection(parts[others].keys)
      guard !keys.isEmpty else { continue }
      own.append((range.description, keys))
      parts[others].keys = parts[others].keys.subtracting(keys)
    }
    parts.insert(contentsOf: own, at: others)
    return parts
  }

  private static let mostOwnRows = 30

  /// The order in which the families are shown.
  package static let familyNames = [
    "Calico resources", "Addresses", "Status and other keys of Calico", "Kubernetes", "Other programs",
  ]

  private static func family(_ keys: KeyRangeSet, kubernetes: KeyRange) -> String {
    let sets = [
      KeyRangeSet([.prefix("/calico/resources/")]), KeyRangeSet([.prefix("/calico/ipam/")]),
      KeyRangeSet([.calico]), KeyRangeSet([kubernetes, .compaction]),
    ]
    let index = keys.ranges.first.flatMap { first in sets.firstIndex { $0.contains(first.lower) } }
    return familyNames[index ?? sets.count]
  }

  /// That these are closed is a result too.
  private static func isAlwaysShown(_ family: String) -> Bool { family == "Kubernetes" }
}

/// What one identity may reach.
private struct Reach {
  private let permissions: Permissions
  /// Without the role of its own node; nil if it is not bound to a node.
  private let shared: Permissions?

  init(_ identity: Identity, _ segmentation: Segmentation) {
    permissions = segmentation.permissions(of: identity)
    shared = identity.node.map { _ in
      Permissions(
        identity.roles.filter { $0 != identity.user }.compactMap { segmentation[role: $0] }
          .flatMap { $0.grants.map(\.grant) })
    }
  }

  func cell(_ keys: KeyRangeSet) -> AccessMatrix.Cell {
    AccessMatrix.Cell(read: extent(\.readable, keys), write: extent(\.writable, keys))
  }

  private func extent(
    _ access: KeyPath<Permissions, KeyRangeSet>, _ keys: KeyRangeSet
  ) -> AccessMatrix.Extent {
    let reached = permissions[keyPath: access].intersection(keys)
    if reached.isEmpty { return .none }
    if reached == keys { return .all }
    guard let shared else { return .some }
    return shared[keyPath: access].intersection(keys).isEmpty ? .own : .some
  }
}
