import Testing

@testable import GRPC

@Suite("Bytes that no server should send")
struct HostileTests {
  @Test(
    "a server that does not speak HTTP/2 is told from one that does",
    arguments: [
      "HTTP/1.1 400 Bad Request\r\n\r\n", "\u{15}\u{3}\u{1}\u{0}\u{2}\u{2}\u{46}aaaaaaaaaaaaaaaaaaaaaa",
      "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    ])
  func otherProtocols(greeting: String) throws {
    let session = try ClientSession(scheme: "http", authority: "h:1")
    var bytes: [UInt8] = []
    try session.send(into: &bytes, enough: .max)
    let error = #expect(
      throws: SessionError.self,
      performing: {
        try Array(greeting.utf8).withUnsafeBytes { try session.receive($0) }
        bytes = []
        try session.send(into: &bytes, enough: .max)
        guard !session.isOver else { throw SessionError(description: session.lastWords) }
      })
    #expect(error?.description.isEmpty == false)
    #expect(!session.isReady)
  }

  @Test("whatever comes, every call ends once")
  func random() throws {
    let seed = UInt64.random(in: 0...(.max))
    var random = SplitMix(state: seed)
    for _ in 0..<2_000 {
      let dialogue = try Dialogue()
      let calls = try (0..<3).map { _ in try dialogue.start() } + [try dialogue.startStream()]
      _ = try dialogue.sent()
      var bytes: [UInt8] = []
      for call in calls {
        let frames: [Frame] = [
          .answer(stream: call.stream), .message([1, 2, 3], stream: call.stream),
          .trailers(0, message: "a%20b", stream: call.stream), Frame(.ping, [1, 2, 3, 4, 5, 6, 7, 8]),
          .window(5, stream: call.stream), .reset(2, stream: call.stream),
          .settings([(4, 70_000), (5, 16_384)]),
          .goAway(last: 3, code: 0),
        ]
        for _ in 0..<4 {
          if let frame = frames.randomElement(using: &random) { bytes += frame.bytes }
        }
      }
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
      }
      do {
        try bytes.withUnsafeBytes { try dialogue.session.receive($0) }
        var out: [UInt8] = []
        try dialogue.session.send(into: &out, enough: .max)
      } catch let error as SessionError { #expect(!error.description.isEmpty) }
      dialogue.session.fail("the end")
      for call in calls { #expect(call.ends.count == 1, "seed \(seed)") }
    }
  }
}

/// Steele, Lea and Flood's generator: the same numbers for the same seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
