/// A union of key ranges, sorted, without empty, overlapping or adjacent ranges.
///
/// This is how etcd evaluates a user: it merges the ranges of all roles before it checks a request, so two
/// adjacent grants allow one request that spans both (etcd, `server/auth/range_perm_cache.go`,
/// `checkKeyInterval`).
package struct KeyRangeSet: Hashable, Sendable {
  package let ranges: [KeyRange]

  package init(_ ranges: some Sequence<KeyRange> = []) {
    var merged: [KeyRange] = []
    for range in ranges.filter({ !$0.isEmpty }).sorted(by: { $0.lower < $1.lower }) {
      if let last = merged.last, !KeyRange.ends(last.upper, before: range.lower) {
        let upper = KeyRange.ends(last.upper, before: range.upper) ? range.upper : last.upper
        merged[merged.count - 1] = KeyRange(from: last.lower, to: upper)
      } else {
        merged.append(range)
      }
    }
    self.ranges = merged
  }

  package var isEmpty: Bool { ranges.isEmpty }

  package func contains(_ key: Key) -> Bool { range(containing: key) != nil }

  /// The first possible key of the set that is not before `key`: `key` itself if the set contains it. nil if the set
  /// has no key from `key` on.
  package func first(from key: Key) -> Key? {
    contains(key) ? key : ranges.first { key < $0.lower }?.lower
  }

  /// Whether every key of `range` is in the set. Adjacent ranges are merged, so a single range contains all
  /// of `range`, or the set does not.
  package func contains(_ range: KeyRange) -> Bool {
    range.isEmpty || self.range(containing: range.lower)?.contains(range) ?? false
  }

  package func contains(_ other: KeyRangeSet) -> Bool { other.ranges.allSatisfy(contains) }

  package func union(_ other: KeyRangeSet) -> KeyRangeSet { KeyRangeSet(ranges + other.ranges) }

  package func intersection(_ other: KeyRange) -> KeyRangeSet { intersection(KeyRangeSet([other])) }

  package func intersection(_ other: KeyRangeSet) -> KeyRangeSet {
    var common: [KeyRange] = []
    var (left, right) = (ranges[...], other.ranges[...])
    while let a = left.first, let b = right.first {
      if let both = a.intersection(b) { common.append(both) }
      // The range that ends first cannot overlap any further range.
      if KeyRange.ends(a.upper, before: b.upper) { left.removeFirst() } else { right.removeFirst() }
    }
    return KeyRangeSet(common)
  }

  /// The keys that are not in the set.
  package var complement: KeyRangeSet {
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

  package func subtracting(_ other: KeyRangeSet) -> KeyRangeSet { intersection(other.complement) }

  /// The range of the set that contains the key, found by binary search: the last range that does not begin after the
  /// key.
  package func range(containing key: Key) -> KeyRange? {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].lower <= key { low = middle + 1 } else { high = middle }
    }
    guard low > 0, ranges[low - 1].contains(key) else { return nil }
    return ranges[low - 1]
  }
}
