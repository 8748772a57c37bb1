/// A union of key ranges, kept sorted, without empty ranges, overlaps or ranges that touch.
///
/// This is how etcd sees a user: the ranges of all roles are merged before a request is looked up, so two
/// adjacent grants allow one request that spans both (etcd, `server/auth/range_perm_cache.go`, `checkKeyInterval`).
public struct KeyRangeSet: Hashable, Sendable {
  public private(set) var ranges: [KeyRange] = []

  public init(_ ranges: some Sequence<KeyRange> = []) {
    for range in ranges.filter({ !$0.isEmpty }).sorted(by: { $0.lower < $1.lower }) {
      if let last = self.ranges.last, !KeyRange.ends(last.upper, before: range.lower) {
        let upper = KeyRange.ends(last.upper, before: range.upper) ? range.upper : last.upper
        self.ranges[self.ranges.count - 1] = KeyRange(from: last.lower, to: upper)
      } else {
        self.ranges.append(range)
      }
    }
  }

  public var isEmpty: Bool { ranges.isEmpty }

  public func contains(_ key: Key) -> Bool { contains(.key(key)) }

  /// Whether every key of `range` is inside. Ranges that touch are merged, so one of them holds it all or none does.
  public func contains(_ range: KeyRange) -> Bool { range.isEmpty || ranges.contains { $0.contains(range) } }

  public func union(_ other: KeyRangeSet) -> KeyRangeSet { KeyRangeSet(ranges + other.ranges) }

  public func intersection(_ other: KeyRangeSet) -> KeyRangeSet {
    KeyRangeSet(ranges.flatMap { range in other.ranges.compactMap(range.intersection) })
  }

  /// The keys that are outside.
  public var complement: KeyRangeSet {
    var gaps: [KeyRange] = []
    var lower: Key? = KeyRange.everything.lower
    for range in ranges {
      guard let start = lower else { break }
      gaps.append(KeyRange(from: start, to: range.lower))
      lower = range.upper
    }
    if let lower { gaps.append(KeyRange(from: lower, to: nil)) }
    return KeyRangeSet(gaps)
  }

  public func subtracting(_ other: KeyRangeSet) -> KeyRangeSet { intersection(other.complement) }
}
