import Protobuf

/// Keys and values (etcd, `api/etcdserverpb/rpc.proto`, service `KV`).
enum KV {
  static let range = Method<RangeRequest, RangeResponse>(path: "/etcdserverpb.KV/Range")
  static let put = Method<PutRequest, HeaderOnly>(path: "/etcdserverpb.KV/Put")
  static let txn = Method<TxnRequest, TxnResponse>(path: "/etcdserverpb.KV/Txn")
  /// One request, several responses; since 3.7 (etcd, KEP-5966).
  static let rangeStream = Method<RangeRequest, HeaderOnly>(path: "/etcdserverpb.KV/RangeStream")
  static let compact = Method<CompactionRequest, HeaderOnly>(path: "/etcdserverpb.KV/Compact")
}

/// etcd, `api/mvccpb/kv.proto`.
struct KeyValue: ProtobufReadable {
  var key: [UInt8] = []
  var createRevision: Int64 = 0
  var value: [UInt8] = []
  var lease: Int64 = 0

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    // 3: mod_revision, 4: version
    case 1: key = try reader.bytes()
    case 2: createRevision = try reader.int64()
    case 5: value = try reader.bytes()
    case 6: lease = try reader.int64()
    default: break
    }
  }
}

struct RangeRequest: ProtobufWritable {
  var key: [UInt8]
  var rangeEnd: [UInt8] = []
  var limit: Int64 = 0
  var revision: Int64 = 0
  /// Whether the member that receives it answers alone; learners take no other kind.
  var isSerializable = false
  var keysOnly = false
  var countOnly = false

  func write(to writer: inout ProtobufWriter) {
    writer.bytes(1, key)
    writer.bytes(2, rangeEnd)
    writer.int64(3, limit)
    writer.int64(4, revision)
    writer.bool(7, isSerializable)
    writer.bool(8, keysOnly)
    writer.bool(9, countOnly)
  }
}

struct RangeResponse: ProtobufReadable {
  var header = ResponseHeader()
  var kvs: [KeyValue] = []
  var more = false
  /// The number of keys in the range.
  var count: Int64 = 0

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    case 1: try reader.message(into: &header)
    case 2: kvs.append(try reader.message())
    case 3: more = try reader.bool()
    case 4: count = try reader.int64()
    default: break
    }
  }
}

struct PutRequest: ProtobufWritable {
  var key: [UInt8]
  var value: [UInt8]
  var lease: Int64 = 0
  /// Whether the value before is returned.
  var withPrevious = false

  func write(to writer: inout ProtobufWriter) {
    writer.bytes(1, key)
    writer.bytes(2, value)
    writer.int64(3, lease)
    writer.bool(4, withPrevious)
  }
}

struct DeleteRangeRequest: ProtobufWritable {
  var key: [UInt8]
  var rangeEnd: [UInt8]

  func write(to writer: inout ProtobufWriter) {
    writer.bytes(1, key)
    writer.bytes(2, rangeEnd)
  }
}

/// An operation of a Txn; the number of its field tells which.
enum RequestOp: ProtobufWritable {
  case put(PutRequest)
  case deleteRange(DeleteRangeRequest)
  case txn(TxnRequest)

  func write(to writer: inout ProtobufWriter) {
    switch self {
    // 1: request_range
    case .put(let request): writer.message(2, request)
    case .deleteRange(let request): writer.message(3, request)
    case .txn(let request): writer.message(4, request)
    }
  }
}

/// A condition of a Txn: the key was created at this revision, 0 for a key that does not exist.
struct CompareCreateRevision: ProtobufWritable {
  var key: [UInt8]
  var createRevision: Int64

  /// `Compare.CompareResult`: `GREATER` is 1, `LESS` 2, `NOT_EQUAL` 3.
  private static let equal: Int64 = 0
  /// `Compare.CompareTarget`: `VERSION` is 0, `MOD` 2, `VALUE` 3, `LEASE` 4.
  private static let create: Int64 = 1

  func write(to writer: inout ProtobufWriter) {
    writer.int64(1, Self.equal)
    writer.int64(2, Self.create)
    writer.bytes(3, key)
    // In the oneof `target_union`.
    writer.int64(5, createRevision, evenIfDefault: true)
  }
}

struct TxnRequest: ProtobufWritable {
  var compare: [CompareCreateRevision] = []
  var success: [RequestOp] = []
  var failure: [RequestOp] = []

  func write(to writer: inout ProtobufWriter) {
    writer.messages(1, compare)
    writer.messages(2, success)
    writer.messages(3, failure)
  }
}

struct TxnResponse: ProtobufReadable {
  var header = ResponseHeader()
  var succeeded = false

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    // 3: responses
    case 1: try reader.message(into: &header)
    case 2: succeeded = try reader.bool()
    default: break
    }
  }
}

struct CompactionRequest: ProtobufWritable {
  var revision: Int64

  func write(to writer: inout ProtobufWriter) { writer.int64(1, revision) }
}
