import Protobuf

/// Leases (etcd, `api/etcdserverpb/rpc.proto`, service `Lease`).
enum Leases {
  static let grant = Method<LeaseGrantRequest, LeaseResponse>(path: "/etcdserverpb.Lease/LeaseGrant")
  static let revoke = Method<LeaseRequest, HeaderOnly>(path: "/etcdserverpb.Lease/LeaseRevoke")
  /// Messages in both directions.
  static let keepAlive = Method<LeaseRequest, LeaseResponse>(path: "/etcdserverpb.Lease/LeaseKeepAlive")
  static let timeToLive = Method<LeaseRequest, LeaseTimeToLiveResponse>(
    path: "/etcdserverpb.Lease/LeaseTimeToLive")
  static let list = Method<EmptyRequest, LeaseLeasesResponse>(path: "/etcdserverpb.Lease/LeaseLeases")
}

struct LeaseGrantRequest: ProtobufWritable {
  /// In seconds.
  var ttl: Int64

  // 2: ID, which etcd chooses if it is left out
  func write(to writer: inout ProtobufWriter) { writer.int64(1, ttl) }
}

/// `LeaseRevokeRequest`, `LeaseKeepAliveRequest` and `LeaseTimeToLiveRequest`, as far as Bulkhead uses them.
struct LeaseRequest: ProtobufWritable {
  var id: Int64
  /// For `LeaseTimeToLiveRequest`: whether the keys are returned.
  var withKeys = false

  func write(to writer: inout ProtobufWriter) {
    writer.int64(1, id)
    writer.bool(2, withKeys)
  }
}

struct LeaseLeasesResponse: ProtobufReadable {
  var leases: [LeaseStatus] = []

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    // 1: header
    case 2: leases.append(try reader.message())
    default: break
    }
  }
}

struct LeaseStatus: ProtobufReadable {
  var id: Int64 = 0

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    if field == 1 { id = try reader.int64() }
  }
}

/// `LeaseGrantResponse` and `LeaseKeepAliveResponse`, whose first fields are the same.
struct LeaseResponse: ProtobufReadable {
  var id: Int64 = 0
  /// In seconds.
  var ttl: Int64 = 0

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    // 1: header
    case 2: id = try reader.int64()
    case 3: ttl = try reader.int64()
    default: break
    }
  }
}

struct LeaseTimeToLiveResponse: ProtobufReadable {
  /// In seconds; -1 if the lease does not exist.
  var ttl: Int64 = 0
  /// The time to live with which the lease was granted, in seconds.
  var grantedTTL: Int64 = 0
  var keys: [[UInt8]] = []

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    // 1: header, 2: ID
    case 5: keys.append(try reader.bytes())
    case 3: ttl = try reader.int64()
    case 4: grantedTTL = try reader.int64()
    default: break
    }
  }
}
