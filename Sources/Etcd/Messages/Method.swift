import Protobuf

/// A call of etcd's API with one request and one response.
///
/// The messages in this folder are the part of the API that Bulkhead uses, with etcd's names and field
/// numbers (etcd, `api/etcdserverpb/rpc.proto`, `api/authpb/auth.proto` and `api/mvccpb/kv.proto`). Fields
/// that Bulkhead neither sets nor reads are left out: Protocol Buffers skip unknown fields.
struct Method<Request: ProtobufWritable, Response: ProtobufReadable>: Sendable {
  /// `/etcdserverpb.Service/Method`.
  let path: String
}

/// A request, or part of one, without fields.
struct EmptyRequest: ProtobufWritable {
  func write(to writer: inout ProtobufWriter) {}
}

/// A response of which only the header is read.
struct HeaderOnly: ProtobufReadable {
  var header = ResponseHeader()

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    if field == 1 { try reader.message(into: &header) }
  }
}

/// The header of each response.
struct ResponseHeader: ProtobufReadable {
  var clusterID: UInt64 = 0
  var memberID: UInt64 = 0
  /// The revision of the key-value store.
  var revision: Int64 = 0

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    // 4: raft_term
    case 1: clusterID = try reader.uint64()
    case 2: memberID = try reader.uint64()
    case 3: revision = try reader.int64()
    default: break
    }
  }
}
