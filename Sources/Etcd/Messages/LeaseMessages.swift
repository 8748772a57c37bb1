import Protobuf

/// Leases (etcd, `api/etcdserverpb/rpc.proto`, service `Lease`).
enum Leases {
  static let grant = Method<LeaseGrantRequest, LeaseResponse>(path: "/etcdserverpb.Lease/LeaseGrant")
  static let revoke = Method<LeaseRequest, HeaderOnly>(path: "/etcdserverpb.Lease/LeaseRevoke")
  /// Messages in both directions.
  static let keepAlive = Method<LeaseRequest, LeaseResponse>(path: "/etcdserverpb.Lease/LeaseKeepAlive")
  static let timeToLive = Method<LeaseRequest, LeaseTimeToLiveResponse>(
    path: "/etcdserverpb.Lease/LeaseTimeToLive")
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

  func write(to writer: inout ProtobufWriter) { writer.int64(1, id) }
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

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    // 1: header, 2: ID, 5: keys
    case 3: ttl = try reader.int64()
    case 4: grantedTTL = try reader.int64()
    default: break
    }
  }
}
