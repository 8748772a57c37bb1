import Keyspace

/// A key with its value and metadata.
package struct Entry: Hashable, Sendable {
  package let key: Key
  package let value: [UInt8]
  /// The store's revision at which the key was created; it changes when the key is deleted and created again.
  package let createRevision: Int64
  package let lease: Lease?

  init(_ wire: KeyValue) {
    key = Key(wire.key)
    value = wire.value
    createRevision = wire.createRevision
    lease = wire.lease == 0 ? nil : Lease(id: wire.lease)
  }
}

/// Reads entries with metadata, and writes on a condition.
extension EtcdClient {
  /// All entries of a small range, at one revision.
  package func entries(in range: KeyRange) async throws(EtcdError) -> [Entry] {
    let request = RangeRequest(key: range.lower.bytes, rangeEnd: range.rangeEnd)
    return try await call(KV.range, request, operation: "Range \(range)").kvs.map(Entry.init)
  }

  /// Writes a value only if a key, the same or another one, was created at a certain revision.
  /// - Parameter revision: 0 if that key must not exist.
  /// - Returns: The store's revision after the write; nil if the condition was false.
  package func put(
    _ value: [UInt8], at key: Key, with lease: Lease? = nil, onlyIf guardKey: Key,
    wasMadeAt revision: Int64
  ) async throws(EtcdError) -> Int64? {
    let request = TxnRequest(
      compare: [CompareCreateRevision(key: guardKey.bytes, createRevision: revision)],
      success: [.put(PutRequest(key: key.bytes, value: value, lease: lease?.id ?? 0))])
    let response = try await call(KV.txn, request, operation: "Txn (put \(key))", repeatable: false)
    return response.succeeded ? response.header.revision : nil
  }

  /// Writes values and deletes keys, all or nothing, only if a key was created at a certain revision.
  /// - Returns: The store's revision after the write; nil if the condition was false.
  package func write(
    _ values: [(key: Key, value: [UInt8])], deleting keys: [Key], onlyIf guardKey: Key,
    wasMadeAt revision: Int64
  ) async throws(EtcdError) -> Int64? {
    let request = TxnRequest(
      compare: [CompareCreateRevision(key: guardKey.bytes, createRevision: revision)],
      success: values.map { .put(PutRequest(key: $0.key.bytes, value: $0.value)) }
        + keys.map { .deleteRange(DeleteRangeRequest(key: $0.bytes, rangeEnd: [])) })
    let names = (values.map(\.key) + keys).map(\.description).joined(separator: ", ")
    let response = try await call(KV.txn, request, operation: "Txn (write \(names))", repeatable: false)
    return response.succeeded ? response.header.revision : nil
  }
}
