import Keyspace

/// Keys and values.
extension EtcdClient {
  /// The value of a key; nil if the key does not exist.
  package func value(of key: Key) async throws(EtcdError) -> [UInt8]? {
    try await call(KV.range, RangeRequest(key: key.bytes), operation: "Range \(key)").kvs.first?.value
  }

  package func put(_ value: [UInt8], at key: Key) async throws(EtcdError) {
    _ = try await call(
      KV.put, PutRequest(key: key.bytes, value: value), operation: "Put \(key)", repeatable: false)
  }

  /// Whether the range contains a key.
  package func holdsAny(_ range: KeyRange) async throws(EtcdError) -> Bool {
    let request = RangeRequest(key: range.lower.bytes, rangeEnd: range.rangeEnd, limit: 1, keysOnly: true)
    return try await !call(KV.range, request, operation: "Range \(range)").kvs.isEmpty
  }

  /// The names of all keys in the range, read in pages at one revision.
  package func keys(in range: KeyRange) async throws(EtcdError) -> [Key] {
    var keys: [Key] = []
    var revision: Int64 = 0
    var next: Key? = range.lower
    while let lower = next {
      let rest = KeyRange(from: lower, to: range.upper)
      let request = RangeRequest(
        key: lower.bytes, rangeEnd: rest.rangeEnd, limit: 10_000, revision: revision, keysOnly: true)
      let response = try await call(KV.range, request, operation: "Range \(rest)")
      keys += response.kvs.map { Key($0.key) }
      revision = response.header.revision
      next = response.more ? keys.last?.next : nil
    }
    return keys
  }

  /// The revision of the key-value store. Only changes of keys increase it.
  package func revision() async throws(EtcdError) -> Int64 {
    try await call(KV.range, RangeRequest(key: [0], countOnly: true), operation: "Range (revision)")
      .header.revision
  }
}
