import TestSupport
import Testing

@testable import Protobuf

@Suite("Bytes that are no message")
struct HostileTests {
  static let cases: [([UInt8], ProtobufError)] = [
    ([0x08], .truncated),
    ([0x08, 0x80], .truncated),
    ([0x80], .truncated),
    ([0x32, 0x05, 1, 2], .truncated),
    ([0x32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], .truncated),
    ([0x32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], .truncated),
    ([0x21, 1, 2, 3], .truncated),
    ([0x2d, 1], .truncated),
    ([0x08] + [UInt8](repeating: 0xff, count: 9) + [0x02], .overlongInteger),
    ([0x08] + [UInt8](repeating: 0x80, count: 10) + [0x00], .overlongInteger),
    ([0x00, 0x00], .fieldNumber(0)),
    ([0x80, 0x80, 0x80, 0x80, 0x10, 0x00], .fieldNumber(536_870_912)),
    ([0x0e], .unknownWireType(6)),
    ([0x0f], .unknownWireType(7)),
    ([0x0a, 0x00], .wrongWireType(field: 1)),
    ([0x30, 0x00], .wrongWireType(field: 6)),
    ([0x41, 0, 0, 0, 0, 0, 0, 0, 0], .wrongWireType(field: 8)),
    ([0x3a, 0x02, 0xc3, 0x28], .notUTF8(field: 7)),
    ([0x4a, 0x02, 0x08, 0x80], .truncated),
    ([0x42, 0x01, 0x80], .truncated),
    ([0x0c], .unbalancedGroup),
    ([0xa3, 0x06, 0x08, 1], .unbalancedGroup),
    ([0xa3, 0x06, 0x0c], .unbalancedGroup),
    ([0x08, 1, 0xa0, 0x06], .truncated),
  ]

  @Test("are refused, with what is wrong", arguments: cases)
  func refused(bytes: [UInt8], error: ProtobufError) {
    #expect(throws: error) { try Sample(protobuf: bytes) }
    #expect(!error.description.isEmpty)
  }

  @Test("a length does not reach beyond the message that it stands in")
  func nested() {
    // The inner message has two bytes, its field claims five; there are enough after it.
    #expect(throws: ProtobufError.truncated) {
      try Sample(protobuf: [0x4a, 2, 0x32, 5, 0x32, 3, 1, 2, 3])
    }
  }

  @Test("messages and groups stand in each other a hundred times at most", arguments: [100, 101])
  func depth(levels: Int) {
    var message = Sample()
    for _ in 0..<levels { message = Sample { $0.inner = [message] } }
    let groups =
      [UInt8]((0..<levels).flatMap { _ in [0xa3, 0x06] as [UInt8] })
      + (0..<levels).flatMap { _ in [0xa4, 0x06] as [UInt8] }
    for bytes in [message.protobuf, groups] {
      guard levels > 100 else {
        #expect(throws: Never.self) { try Sample(protobuf: bytes) }
        continue
      }
      #expect(throws: ProtobufError.tooDeep) { try Sample(protobuf: bytes) }
    }
  }

  @Test("whatever bytes come, reading ends, and what was read is written and read again")
  func random() throws {
    let seed = UInt64.random(in: 0...(.max))
    var random = SeededGenerator(seed: seed)
    var readable = 0
    for _ in 0..<20_000 {
      let sample = Sample.random(&random, depth: 3)
      var bytes = sample.protobuf
      #expect(try Sample(protobuf: bytes) == sample, "seed \(seed)")
      for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
        bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
      }
      bytes.removeLast(Int.random(in: 0...min(2, bytes.count), using: &random))
      guard let read = try? Sample(protobuf: bytes) else { continue }
      readable += 1
      #expect(try Sample(protobuf: read.protobuf) == read, "seed \(seed)")
    }
    #expect(readable > 1_000, "seed \(seed)")
  }
}

extension Sample {
  fileprivate static func random(_ random: inout SeededGenerator, depth: Int) -> Sample {
    var sample = Sample()
    func chance() -> Bool { Int.random(in: 0..<3, using: &random) == 0 }
    if chance() {
      sample.number =
        UInt64.random(in: 0...(.max), using: &random) >> UInt64.random(in: 0..<64, using: &random)
    }
    if chance() { sample.signed = .random(in: (.min)...(.max), using: &random) }
    if chance() { sample.isSet = true }
    if chance() { sample.eight = .random(in: 0...(.max), using: &random) }
    if chance() { sample.four = .random(in: 0...(.max), using: &random) }
    if chance() {
      sample.raw = (0..<Int.random(in: 1...300, using: &random)).map { UInt8(truncatingIfNeeded: $0) }
    }
    if chance() { sample.text = String(repeating: "ü", count: .random(in: 1...100, using: &random)) }
    if chance() { sample.packed = (0..<5).map { _ in .random(in: -9...9, using: &random) } }
    if chance(), depth > 0 {
      sample.inner = (0..<Int.random(in: 1...2, using: &random)).map { _ in .random(&random, depth: depth - 1)
      }
    }
    if chance() { sample.kind = .random(in: (.min)...(.max), using: &random) }
    return sample
  }
}
