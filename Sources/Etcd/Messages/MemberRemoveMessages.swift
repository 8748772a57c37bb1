import Protobuf

extension ClusterService {
  static let memberRemove = Method<MemberRemoveRequest, HeaderOnly>(
    path: "/etcdserverpb.Cluster/MemberRemove")
}

struct MemberRemoveRequest: ProtobufWritable {
  var id: UInt64

  func write(to writer: inout ProtobufWriter) { writer.uint64(1, id) }
}
