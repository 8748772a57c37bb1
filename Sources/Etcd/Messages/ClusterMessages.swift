import Protobuf

/// The members (etcd, `api/etcdserverpb/rpc.proto`, service `Cluster`).
enum ClusterService {
  static let memberList = Method<MemberListRequest, MemberListResponse>(
    path: "/etcdserverpb.Cluster/MemberList")
}

/// Members before 3.5 do not know `linearizable`, skip it, and answer from what they have applied.
struct MemberListRequest: ProtobufWritable {
  var linearizable = true

  func write(to writer: inout ProtobufWriter) { writer.bool(1, linearizable) }
}

struct MemberListResponse: ProtobufReadable {
  var header = ResponseHeader()
  var members: [MemberMessage] = []

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    case 1: try reader.message(into: &header)
    case 2: members.append(try reader.message())
    default: break
    }
  }
}

/// `Member`.
struct MemberMessage: ProtobufReadable {
  var id: UInt64 = 0
  var name = ""
  var peerURLs: [String] = []
  var clientURLs: [String] = []
  var isLearner = false

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    case 1: id = try reader.uint64()
    case 2: name = try reader.string()
    case 3: peerURLs.append(try reader.string())
    case 4: clientURLs.append(try reader.string())
    case 5: isLearner = try reader.bool()
    default: break
    }
  }
}
