import Testing

@testable import Protobuf

/// Every kind of field that the writer knows, and a message in itself.
struct Sample: Equatable, ProtobufReadable, ProtobufWritable {
  var number: UInt64 = 0
  var signed: Int64 = 0
  var isSet = false
  var eight: UInt64 = 0
  var four: UInt32 = 0
  var raw: [UInt8] = []
  var text = ""
  var packed: [Int64] = []
  var inner: [Sample] = []
  var kind: Int32 = 0

  init() {}

  init(_ change: (inout Sample) -> Void) { change(&self) }

  func write(to writer: inout ProtobufWriter) {
    writer.uint64(1, number)
    writer.int64(2, signed)
    writer.bool(3, isSet)
    writer.fixed64(4, eight)
    writer.fixed32(5, four)
    writer.bytes(6, raw)
    writer.string(7, text)
    writer.packed(8, packed)
    writer.messages(9, inner)
    writer.int64(10, Int64(kind))
  }

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    case 1: number = try reader.uint64()
    case 2: signed = try reader.int64()
    case 3: isSet = try reader.bool()
    case 4: eight = try reader.fixed64()
    case 5: four = try reader.fixed32()
    case 6: raw = try reader.bytes()
    case 7: text = try reader.string()
    case 8: try reader.integers(into: &packed)
    case 9: inner.append(try reader.message())
    case 10: kind = try reader.int32()
    default: break
    }
  }
}

@Suite("Bytes that are known to be right")
struct GoldenTests {
  /// The examples of Protocol Buffers, "Encoding", and edge values by its rules.
  static let cases: [(Sample, [UInt8])] = [
    (Sample(), []),
    (Sample { $0.number = 150 }, [0x08, 0x96, 0x01]),
    (Sample { $0.number = .max }, [0x08] + [UInt8](repeating: 0xff, count: 9) + [0x01]),
    (
      Sample { $0.signed = -2 },
      [0x10, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]
    ),
    (Sample { $0.signed = .min }, [0x10] + [UInt8](repeating: 0x80, count: 9) + [0x01]),
    (Sample { $0.isSet = true }, [0x18, 0x01]),
    (Sample { $0.eight = 0x0102_0304_0506_0708 }, [0x21, 8, 7, 6, 5, 4, 3, 2, 1]),
    (Sample { $0.four = 0xfffe_0001 }, [0x2d, 0x01, 0x00, 0xfe, 0xff]),
    (Sample { $0.raw = [0, 0xff] }, [0x32, 2, 0, 0xff]),
    (Sample { $0.text = "testing" }, [0x3a, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]),
    (Sample { $0.packed = [3, 270, 86_942] }, [0x42, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]),
    (Sample { $0.inner = [Sample { $0.number = 150 }] }, [0x4a, 0x03, 0x08, 0x96, 0x01]),
    (Sample { $0.inner = [Sample(), Sample()] }, [0x4a, 0x00, 0x4a, 0x00]),
    (
      Sample { $0.kind = -1 },
      [0x50, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]
    ),
  ]

  @Test("are written and read", arguments: cases)
  func golden(sample: Sample, bytes: [UInt8]) throws {
    #expect(sample.protobuf == bytes)
    #expect(try Sample(protobuf: bytes) == sample)
  }

  @Test(
    "a length of any number of bytes stands before what it counts", arguments: [0, 127, 128, 16_383, 16_384])
  func lengths(count: Int) throws {
    let sample = Sample { $0.inner = [Sample { $0.raw = [UInt8](repeating: 7, count: count) }] }
    #expect(try Sample(protobuf: sample.protobuf) == sample)
    let deeper = Sample { $0.inner = [sample, Sample { $0.number = 1 }] }
    #expect(try Sample(protobuf: deeper.protobuf) == deeper)
  }

  @Test("a field of a oneof is there with its default too")
  func presence() {
    var writer = ProtobufWriter()
    writer.int64(1, 0, evenIfDefault: true)
    writer.bytes(2, [], evenIfDefault: true)
    writer.string(3, "", evenIfDefault: true)
    writer.bool(4, false, evenIfDefault: true)
    writer.message(5, nil as Sample?)
    #expect(writer.bytes == [0x08, 0, 0x12, 0, 0x1a, 0, 0x20, 0])
  }

  @Test("integers may come packed or one by one")
  func unpacked() throws {
    let bytes: [UInt8] = [0x40, 0x03, 0x42, 0x02, 0x01, 0x02, 0x40, 0x04]
    #expect(try Sample(protobuf: bytes).packed == [3, 1, 2, 4])
  }

  @Test("the last value counts, and a half that comes later is added")
  func merging() throws {
    #expect(try Sample(protobuf: [0x08, 1, 0x08, 2]).number == 2)
    struct Outer: ProtobufReadable {
      var inner = Sample()
      mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
        if field == 1 { try reader.message(into: &inner) }
      }
    }
    let merged = try Outer(protobuf: [0x0a, 2, 0x08, 7, 0x0a, 2, 0x18, 1]).inner
    #expect(merged == Sample { ($0.number, $0.isSet) = (7, true) })
  }

  @Test("what is unknown is skipped, whatever its type")
  func unknown() throws {
    let bytes: [UInt8] = [
      0xa0, 0x06, 0x96, 0x01,  // 100: an integer
      0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8,  // 100: eight bytes
      0xa2, 0x06, 3, 0xff, 0xff, 0xff,  // 100: a length and bytes
      0xa5, 0x06, 1, 2, 3, 4,  // 100: four bytes
      0xa3, 0x06, 0x08, 1, 0x0b, 0x12, 1, 0, 0x0c, 0xa4, 0x06,  // 100: a group with another in it
      0x08, 5,
    ]
    #expect(try Sample(protobuf: bytes) == Sample { $0.number = 5 })
  }
}
