import Protobuf

/// The members' health (etcd, `api/etcdserverpb/rpc.proto`, service `Maintenance`).
enum Maintenance {
  static let alarm = Method<AlarmRequest, AlarmResponse>(path: "/etcdserverpb.Maintenance/Alarm")
  static let status = Method<EmptyRequest, StatusResponse>(path: "/etcdserverpb.Maintenance/Status")
  static let hashKV = Method<HashKVRequest, HashKVResponse>(path: "/etcdserverpb.Maintenance/HashKV")
}

/// `AlarmType`, and values that later releases may add.
struct AlarmType: RawRepresentable, Hashable, Sendable {
  let rawValue: Int32
  static let none = AlarmType(rawValue: 0)
  static let noSpace = AlarmType(rawValue: 1)
  static let corrupt = AlarmType(rawValue: 2)
}

struct AlarmRequest: ProtobufWritable {
  /// `AlarmRequest.AlarmAction`. `ACTIVATE`, 1, is left out: with an active alarm some releases check no
  /// permissions.
  enum Action: Int64 {
    case get = 0
    case deactivate = 2
  }

  var action: Action
  var memberID: UInt64 = 0
  var alarm = AlarmType.none

  func write(to writer: inout ProtobufWriter) {
    writer.int64(1, action.rawValue)
    writer.uint64(2, memberID)
    writer.int64(3, Int64(alarm.rawValue))
  }
}

struct AlarmResponse: ProtobufReadable {
  var alarms: [AlarmMember] = []

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    // 1: header
    if field == 2 { alarms.append(try reader.message()) }
  }
}

struct AlarmMember: ProtobufReadable {
  var memberID: UInt64 = 0
  var alarm = AlarmType.none

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    case 1: memberID = try reader.uint64()
    case 2: alarm = AlarmType(rawValue: try reader.int32())
    default: break
    }
  }
}

struct StatusResponse: ProtobufReadable {
  var header = ResponseHeader()
  var version = ""
  var dbSize: Int64 = 0
  var leader: UInt64 = 0
  var dbSizeQuota: Int64 = 0

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    // 5: raftIndex, 6: raftTerm, 7: raftAppliedIndex, 8: errors, 9: dbSizeInUse, 10: isLearner, 11: storageVersion
    case 1: try reader.message(into: &header)
    case 2: version = try reader.string()
    case 3: dbSize = try reader.int64()
    case 4: leader = try reader.uint64()
    case 12: dbSizeQuota = try reader.int64()
    default: break
    }
  }
}

struct HashKVRequest: ProtobufWritable {
  /// The hash covers the key-value store at this revision; 0 for the current one of the member.
  var revision: Int64

  func write(to writer: inout ProtobufWriter) { writer.int64(1, revision) }
}

struct HashKVResponse: ProtobufReadable {
  var hash: UInt32 = 0
  var compactRevision: Int64 = 0

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    // 1: header, 4: hash_revision
    case 2: hash = UInt32(truncatingIfNeeded: try reader.uint64())
    case 3: compactRevision = try reader.int64()
    default: break
    }
  }
}
