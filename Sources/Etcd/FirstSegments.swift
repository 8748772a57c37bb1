import Keyspace

/// The beginning of some keys: what tells the programs apart that share an etcd.
package struct FirstSegment: Hashable, Sendable {
  /// `/registry/`, `service/`, or a whole key without a slash after its first byte, such as `compact_rev_key`.
  package let range: KeyRange
  /// How many keys there are.
  package let keys: Int
}

extension EtcdClient {
  /// How the keys begin: up to the second slash if a key begins with one, else up to the first. Two calls for
  /// each segment, whatever the number of keys; needs the role root.
  /// - Parameter limit: At most so many segments are read.
  /// - Returns: The segments in the order of the keys, and whether these are all.
  package func firstSegments(
    limit: Int = 500
  ) async throws(EtcdError) -> (segments: [FirstSegment], isComplete: Bool) {
    var segments: [FirstSegment] = []
    var next: Key? = KeyRange.everything.lower
    while let lower = next {
      guard segments.count < limit else { return (segments, false) }
      let rest = KeyRange(from: lower, to: nil)
      let request = RangeRequest(key: lower.bytes, rangeEnd: rest.rangeEnd, limit: 1, keysOnly: true)
      guard let key = try await call(KV.range, request, operation: "Range \(rest)").kvs.first?.key else {
        break
      }
      let slash = key.dropFirst().firstIndex(of: UInt8(ascii: "/"))
      let range = slash.map { KeyRange.prefix(Key(key[...$0])) } ?? KeyRange.key(Key(key))
      segments.append(FirstSegment(range: range, keys: try await count(in: range)))
      next = range.upper
    }
    return (segments, true)
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
