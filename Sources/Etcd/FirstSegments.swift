import Keyspace

/// The beginning of some keys: what tells the programs apart that share an etcd.
package struct FirstSegment: Hashable, Sendable {
  /// `/registry/`, `service/`, or a whole key without a slash after its first byte, such as `compact_rev_key`.
  package let range: KeyRange
  /// How many keys there are.
  package let keys: Int

  package init(range: KeyRange, keys: Int) {
    self.range = range
    self.keys = keys
  }
}

extension EtcdClient {
  /// How the keys outside of a set begin: up to the second slash if a key begins with one, else up to the first.
  /// Two calls for each segment, and one for each part of the set that has keys, whatever the number of keys; needs
  /// the role root.
  /// - Parameters:
  ///   - reached: The keys that are left out, also from the counts.
  ///   - limit: At most so many segments are told apart. All keys after them are one further segment without an
  ///     end, whose count includes keys of `reached`.
  package func firstSegments(
    outside reached: KeyRangeSet = KeyRangeSet(), limit: Int = 500
  ) async throws(EtcdError) -> [FirstSegment] {
    let gaps = reached.complement
    var segments: [FirstSegment] = []
    var calls = 0
    var next: Key? = KeyRange.everything.lower
    while let lower = next, let start = gaps.first(from: lower) {
      let rest = KeyRange(from: start, to: nil)
      guard let key = try await firstKey(in: rest) else { break }
      calls += 1
      guard let gap = gaps.range(containing: key) else {
        next = key
        continue
      }
      let slash = key.bytes.dropFirst().firstIndex(of: UInt8(ascii: "/"))
      let range = slash.map { KeyRange.prefix(Key(key.bytes[...$0])) } ?? KeyRange.key(key)
      let isSame = segments.last?.range == range
      guard isSame || segments.count < limit, calls < 4 * limit else {
        let rest = KeyRange(from: key, to: nil)
        return segments + [FirstSegment(range: rest, keys: try await count(in: rest))]
      }
      guard let part = gap.intersection(range) else { break }
      let before = isSame ? segments.removeLast().keys : 0
      segments.append(FirstSegment(range: range, keys: before + (try await count(in: part))))
      next = part.upper
    }
    return segments
  }

  /// How many keys the range contains.
  package func count(in range: KeyRange) async throws(EtcdError) -> Int {
    let request = RangeRequest(key: range.lower.bytes, rangeEnd: range.rangeEnd, countOnly: true)
    return Int(clamping: try await call(KV.range, request, operation: "Range \(range) (count)").count)
  }

  /// The first key of the range; nil if it has none.
  package func firstKey(in range: KeyRange) async throws(EtcdError) -> Key? {
    let request = RangeRequest(key: range.lower.bytes, rangeEnd: range.rangeEnd, limit: 1, keysOnly: true)
    return try await call(KV.range, request, operation: "Range \(range)").kvs.first.map { Key($0.key) }
  }
}
