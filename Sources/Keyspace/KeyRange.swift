/// The keys from ``lower`` up to but not including ``upper``, as etcd compares them.
///
/// etcd encodes a range as two byte strings, a key and a range end, in three forms (etcd,
/// `server/auth/range_perm_cache.go` and `api/etcdserverpb/rpc.proto`):
///
/// | key | range end | means |
/// |---|---|---|
/// | `k` | empty | the key `k` alone, that is `[k, k\x00)` |
/// | `k` | `\x00` | `k` and everything after it |
/// | `k` | `e` | `[k, e)`, nothing if `e` is not greater than `k` |
package struct KeyRange: Hashable, Sendable {
  package let lower: Key
  /// The first key after the range; nil if the range has no end.
  package let upper: Key?

  /// - Parameter lower: etcd has no empty key; an empty `lower` means the first possible key, `\x00`.
  package init(from lower: Key, to upper: Key?) {
    self.lower = lower.bytes.isEmpty ? Key([0]) : lower
    self.upper = upper
  }

  /// The range with one key.
  package static func key(_ key: Key) -> KeyRange { KeyRange(from: key, to: key.next) }

  /// Every key that begins with `prefix`, as with `etcdctl --prefix`. The empty prefix is ``everything``.
  package static func prefix(_ prefix: Key) -> KeyRange {
    guard !prefix.bytes.isEmpty else { return .everything }
    var end = prefix.bytes
    while let last = end.popLast() {
      if last < 0xff { return KeyRange(from: prefix, to: Key(end + [last + 1])) }
    }
    return KeyRange(from: prefix, to: nil)
  }

  /// The whole keyspace, as `etcdctl --prefix ""` stores it.
  package static let everything = KeyRange(from: Key([0]), to: nil)

  /// Whether the range contains no key, because its end is not after its start.
  package var isEmpty: Bool { upper.map { $0 <= lower } ?? false }

  /// The key, if the range contains exactly one.
  package var singleKey: Key? { upper == lower.next ? lower : nil }

  package func contains(_ key: Key) -> Bool { lower <= key && (upper.map { key < $0 } ?? true) }

  /// Whether every key of `other` is in this range. True for an empty `other`.
  package func contains(_ other: KeyRange) -> Bool {
    other.isEmpty || (lower <= other.lower && !KeyRange.ends(upper, before: other.upper))
  }

  /// The keys in both ranges; nil if they have none in common.
  package func intersection(_ other: KeyRange) -> KeyRange? {
    let both = KeyRange(
      from: max(lower, other.lower), to: KeyRange.ends(upper, before: other.upper) ? upper : other.upper)
    return both.isEmpty ? nil : both
  }

  /// Whether `left` is before `right`; nil is the greatest.
  static func ends(_ left: Key?, before right: Key?) -> Bool {
    guard let left else { return false }
    return right.map { left < $0 } ?? true
  }
}

extension Key {
  /// Its description with each star as `\x2a`.
  fileprivate var withoutStar: String { description.replacing("*", with: #"\x2a"#) }
}

// MARK: - etcd's two byte strings

extension KeyRange {
  /// Decodes the two byte strings of an etcd permission or request.
  ///
  /// If the key is empty the range contains nothing: etcd compares the empty string as greater than every key
  /// (etcd, `pkg/adt/adt.go`, `BytesAffineComparable`). Releases from 3.4.25 and 3.5.8 on refuse such
  /// permissions; stores of older releases may contain them.
  package init(key: [UInt8], rangeEnd: [UInt8]) {
    guard !key.isEmpty else {
      self.init(from: Key([0]), to: Key([0]))
      return
    }
    switch rangeEnd {
    case []: self = .key(Key(key))
    case [0]: self.init(from: Key(key), to: nil)
    default: self.init(from: Key(key), to: Key(rangeEnd))
    }
  }

  /// The range end to send with ``lower`` as the key: empty for one key, `\x00` for no end.
  package var rangeEnd: [UInt8] {
    if singleKey != nil { return [] }
    return upper?.bytes ?? [0]
  }

  /// The prefix, if the range consists of all keys with one prefix.
  package var prefix: Key? {
    self == .everything ? Key([]) : (self == .prefix(lower) ? lower : nil)
  }
}

extension KeyRange: CustomStringConvertible {
  /// `/a` for one key, `/a/*` for a prefix, `[/a, /c)` for anything else. No two ranges have the same description: a star
  /// that is part of a key is written `\x2a`, as in ``Key/init(escaped:)``.
  package var description: String {
    if let singleKey { return singleKey.withoutStar }
    if let prefix { return "\(prefix.withoutStar)*" }
    return "[\(lower.withoutStar), \(upper?.withoutStar ?? "∞"))"
  }
}
