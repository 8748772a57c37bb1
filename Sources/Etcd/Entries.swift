import Foundation
import Keyspace

private typealias Method = Etcdserverpb_KV.Method

/// A key with its value and what etcd knows of it.
package struct Entry: Hashable, Sendable {
  package let key: Key
  package let value: [UInt8]
  /// The store's revision at which the key was made: another one if it was deleted and made again.
  package let createRevision: Int64
  package let lease: Lease?

  init(_ wire: Etcdserverpb_KeyValue) {
    key = Key(wire.key)
    value = Array(wire.value)
    createRevision = wire.createRevision
    lease = wire.lease == 0 ? nil : Lease(id: wire.lease)
  }
}

/// Keys with what etcd knows of them, and writing on a condition.
extension EtcdClient {
  /// All entries of a range that is known to be small, at one revision.
  package func entries(in range: KeyRange) async throws(EtcdError) -> [Entry] {
    let request = Etcdserverpb_RangeRequest.with {
      $0.key = Data(range.lower.bytes)
      $0.rangeEnd = Data(range.rangeEnd)
    }
    let response: Etcdserverpb_RangeResponse = try await call(
      Method.Range.descriptor, request, operation: "Range \(range)")
    return response.kvs.map(Entry.init)
  }

  /// Writes a value only if a key, this one or another, was made at a certain revision.
  /// - Parameter revision: 0 if that key must not be there.
  /// - Returns: The store's revision after writing; nil if it was not written.
  package func put(
    _ value: [UInt8], at key: Key, with lease: Lease? = nil, onlyIf guardKey: Key,
    wasMadeAt revision: Int64
  ) async throws(EtcdError) -> Int64? {
    let request = Etcdserverpb_TxnRequest.with {
      $0.compare = [
        .with {
          $0.key = Data(guardKey.bytes)
          $0.target = .create
          $0.result = .equal
          $0.createRevision = revision
        }
      ]
      $0.success = [
        .with {
          $0.requestPut = .with {
            $0.key = Data(key.bytes)
            $0.value = Data(value)
            $0.lease = lease?.id ?? 0
          }
        }
      ]
    }
    let response: Etcdserverpb_TxnResponse = try await call(
      Method.Txn.descriptor, request, operation: "Txn (put \(key))", repeatable: false)
    return response.succeeded ? response.header.revision : nil
  }
}
