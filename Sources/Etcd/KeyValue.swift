import Foundation
import Keyspace

private typealias Method = Etcdserverpb_KV.Method

/// Keys and values.
extension EtcdClient {
  /// The value of a key; nil if there is none.
  package func value(of key: Key) async throws(EtcdError) -> [UInt8]? {
    let response: Etcdserverpb_RangeResponse = try await call(
      Method.Range.descriptor, Etcdserverpb_RangeRequest.with { $0.key = Data(key.bytes) },
      operation: "Range \(key)")
    return response.kvs.first.map { Array($0.value) }
  }

  package func put(_ value: [UInt8], at key: Key) async throws(EtcdError) {
    let request = Etcdserverpb_PutRequest.with {
      $0.key = Data(key.bytes)
      $0.value = Data(value)
    }
    let _: Etcdserverpb_PutResponse = try await call(
      Method.Put.descriptor, request, operation: "Put \(key)", repeatable: false)
  }

  /// Whether there is any key in the range.
  package func holdsAny(_ range: KeyRange) async throws(EtcdError) -> Bool {
    let request = Etcdserverpb_RangeRequest.with {
      $0.key = Data(range.lower.bytes)
      $0.rangeEnd = Data(range.rangeEnd)
      $0.limit = 1
      $0.keysOnly = true
    }
    let response: Etcdserverpb_RangeResponse = try await call(
      Method.Range.descriptor, request, operation: "Range \(range)")
    return !response.kvs.isEmpty
  }

  /// The names of all keys in the range, read in pages at one revision.
  package func keys(in range: KeyRange) async throws(EtcdError) -> [Key] {
    var keys: [Key] = []
    var revision: Int64 = 0
    var next: Key? = range.lower
    while let lower = next {
      let rest = KeyRange(from: lower, to: range.upper)
      let request = Etcdserverpb_RangeRequest.with {
        $0.key = Data(lower.bytes)
        $0.rangeEnd = Data(rest.rangeEnd)
        $0.limit = 10_000
        $0.keysOnly = true
        $0.revision = revision
      }
      let response: Etcdserverpb_RangeResponse = try await call(
        Method.Range.descriptor, request, operation: "Range \(rest)")
      keys += response.kvs.map { Key($0.key) }
      revision = response.header.revision
      next = response.more ? keys.last?.next : nil
    }
    return keys
  }

  /// The revision of the key-value store, which every change of a key moves and nothing else does.
  package func revision() async throws(EtcdError) -> Int64 {
    let request = Etcdserverpb_RangeRequest.with {
      $0.key = Data([0])
      $0.countOnly = true
    }
    let response: Etcdserverpb_RangeResponse = try await call(
      Method.Range.descriptor, request, operation: "Range (revision)")
    return response.header.revision
  }
}
