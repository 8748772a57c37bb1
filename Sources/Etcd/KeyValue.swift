import Foundation
import Keyspace

private typealias Method = Etcdserverpb_KV.Method

/// Keys and values.
extension EtcdClient {
  /// The value of a key; nil if there is none.
  public func value(of key: Key) async throws(EtcdError) -> [UInt8]? {
    let response: Etcdserverpb_RangeResponse = try await call(
      Method.Range.descriptor, Etcdserverpb_RangeRequest.with { $0.key = Data(key.bytes) },
      operation: "Range \(key)")
    return response.kvs.first.map { Array($0.value) }
  }

  public func put(_ value: [UInt8], at key: Key) async throws(EtcdError) {
    let request = Etcdserverpb_PutRequest.with {
      $0.key = Data(key.bytes)
      $0.value = Data(value)
    }
    let _: Etcdserverpb_PutResponse = try await call(
      Method.Put.descriptor, request, operation: "Put \(key)", repeatable: false)
  }

  /// Whether there is any key in the range.
  public func holdsAny(_ range: KeyRange) async throws(EtcdError) -> Bool {
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

  /// The revision of the key-value store, which every change of a key moves and nothing else does.
  public func revision() async throws(EtcdError) -> Int64 {
    let request = Etcdserverpb_RangeRequest.with {
      $0.key = Data([0])
      $0.countOnly = true
    }
    let response: Etcdserverpb_RangeResponse = try await call(
      Method.Range.descriptor, request, operation: "Range (revision)")
    return response.header.revision
  }
}
