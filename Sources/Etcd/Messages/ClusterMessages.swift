import Protobuf

/// The members (etcd, `api/etcdserverpb/rpc.proto`, service `Cluster`).
enum ClusterService {
  static let memberList = Method<EmptyRequest, MemberListResponse>(path: "/etcdserverpb.Cluster/MemberList")
}

struct MemberListResponse: ProtobufReadable {
  var members: [MemberMessage] = []

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    // 1: header
    if field == 2 { members.append(try reader.message()) }
  }
}

/// `Member`.
struct MemberMessage: ProtobufReadable {
  var id: UInt64 = 0
  var name = ""
  var clientURLs: [String] = []
  var isLearner = false

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    // 3: peerURLs
    case 1: id = try reader.uint64()
    case 2: name = try reader.string()
    case 4: clientURLs.append(try reader.string())
    case 5: isLearner = try reader.bool()
    default: break
    }
  }
}
