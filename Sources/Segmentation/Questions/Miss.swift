import Keyspace

extension AccessAnswer.Miss {
  /// - Precondition: `permissions`, which are those of `lines`, do not allow the access.
  init(
    _ access: Access, _ range: KeyRange, permissions: Permissions, lines: [RoleLine],
    _ keyNames: KeyNames = .standard
  ) {
    // etcd judges a request that covers no key by its first key.
    let range = range.isEmpty ? KeyRange.key(range.lower) : range
    let wanted = KeyRangeSet([range])
    let unreadable = access.contains(.read) ? wanted.subtracting(permissions.readable) : KeyRangeSet()
    let unwritable = access.contains(.write) ? wanted.subtracting(permissions.writable) : KeyRangeSet()
    lacking = (unreadable.isEmpty ? [] : Access.read).union(unwritable.isEmpty ? [] : .write)
    uncovered = unreadable.union(unwritable)
    let firstKey = uncovered.ranges.first?.lower ?? range.lower
    self.firstKey = firstKey
    names = keyNames.names(in: uncovered)

    let ranked = lines.filter { !$0.line.grant.range.isEmpty }.map {
      ($0, Nearness($0.line.grant, access, range))
    }
    let best = ranked.min { $0.1 < $1.1 }
    nearest = best?.0
    by = best.map { $0.1.sentence($0.0.line.grant, firstKey: firstKey) }
  }
}

/// How far a grant is from allowing a request; smaller is nearer.
private struct Nearness: Comparable {
  private enum Kind: Int {
    /// The range is covered, but not the access.
    case otherAccess
    /// Some of the keys are covered.
    case partOfTheRange
    /// None of the keys is covered.
    case elsewhere
  }

  private let kind: Kind
  private let access: Access
  /// The negative length of the common prefix of the two first keys, so that a longer one is nearer.
  private let distance: Int

  init(_ grant: Grant, _ access: Access, _ range: KeyRange) {
    self.access = access
    let common = zip(grant.range.lower.bytes, range.lower.bytes).prefix { $0 == $1 }.count
    distance = -common
    if grant.range.contains(range) {
      kind = .otherAccess
    } else {
      kind = grant.range.intersection(range) == nil ? .elsewhere : .partOfTheRange
    }
  }

  static func < (left: Nearness, right: Nearness) -> Bool {
    (left.kind.rawValue, left.distance) < (right.kind.rawValue, right.distance)
  }

  func sentence(_ grant: Grant, firstKey: Key) -> String {
    switch kind {
    case .otherAccess:
      return
        "it covers the keys, but allows to \(grant.access.verb) and not to \(access.subtracting(grant.access).verb)"
    case .partOfTheRange where grant.range.contains(firstKey):
      return "it covers some of the keys, but does not allow to \(access.subtracting(grant.access).verb)"
    case .partOfTheRange: return "it covers some of the keys, but not \(firstKey)"
    case .elsewhere:
      let end = grant.range.upper.map { "ends before \($0)" } ?? "has no end"
      return firstKey < grant.range.lower
        ? "it begins at \(grant.range.lower), after \(firstKey)" : "it \(end), which is not after \(firstKey)"
    }
  }
}

extension Access {
  fileprivate var verb: String {
    switch self {
    case .read: "read"
    case .write: "write"
    default: "read and write"
    }
  }
}
