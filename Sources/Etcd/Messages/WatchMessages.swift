import Protobuf

/// Changes as they happen (etcd, `api/etcdserverpb/rpc.proto`, service `Watch`).
enum Watch {
  /// Messages in both directions while the stream is open.
  static let watch = Method<WatchCreate, WatchResponse>(path: "/etcdserverpb.Watch/Watch")
}

/// A `WatchRequest` with a `WatchCreateRequest`.
struct WatchCreate: ProtobufWritable {
  var key: [UInt8]
  var rangeEnd: [UInt8]
  var startRevision: Int64 = 0
  /// Whether put and delete events are filtered out.
  var isMute = false

  /// `WatchCreateRequest.FilterType`.
  private static let (noPut, noDelete): (Int64, Int64) = (0, 1)

  func write(to writer: inout ProtobufWriter) {
    // In the oneof `request_union`; 2: cancel_request
    writer.message(1, Request(create: self))
  }

  private struct Request: ProtobufWritable {
    let create: WatchCreate

    func write(to writer: inout ProtobufWriter) {
      writer.bytes(1, create.key)
      writer.bytes(2, create.rangeEnd)
      writer.int64(3, create.startRevision)
      if create.isMute { writer.packed(5, [noPut, noDelete]) }
    }
  }
}

struct WatchResponse: ProtobufReadable {
  var created = false
  var canceled = false
  /// Not 0 if the start revision was compacted.
  var compactRevision: Int64 = 0
  var cancelReason = ""
  /// The number of events.
  var events = 0

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    // 1: header, 2: watch_id, 7: fragment
    case 3: created = try reader.bool()
    case 4: canceled = try reader.bool()
    case 5: compactRevision = try reader.int64()
    case 6: cancelReason = try reader.string()
    case 11: events += 1
    default: break
    }
  }
}
