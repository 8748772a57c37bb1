import Testing

@testable import GRPC

@Suite("Flow control without a network")
struct FlowTests {
  @Test("a request that is larger than the server's window waits for it")
  func largeRequests() throws {
    let dialogue = try Dialogue()
    let message = [UInt8](repeating: 7, count: 200_000)
    let call = try dialogue.start(message)
    func data() throws -> [UInt8] { try dialogue.sent().filter { $0.kind == .data }.flatMap(\.payload) }
    var sent = try data()
    #expect(sent.count == 65_535)
    try dialogue.receive(.window(100_000, stream: 0), .window(50_000, stream: call.stream))
    sent += try data()
    #expect(sent.count == 115_535)
    try dialogue.receive(.window(100_000, stream: call.stream), .window(100_000, stream: 0))
    sent += try data()
    #expect(sent == MessageFraming.frame(message))
    try dialogue.receive(
      .answer(stream: call.stream), .message([1], stream: call.stream), .trailers(stream: call.stream))
    #expect(try call.answer() == [1])
  }

  @Test("a stream that is slow to send more is asked when it has more")
  func deferred() throws {
    let dialogue = try Dialogue()
    let call = try dialogue.startStream([1])
    #expect(try dialogue.sent().map(\.kind) == [.headers, .data])
    call.exchange.send(MessageFraming.frame([2]), isLast: false)
    dialogue.session.resume(call.exchange)
    #expect(try dialogue.sent() == [Frame(.data, stream: call.stream, [0, 0, 0, 0, 1, 2])])
    call.exchange.send([], isLast: true)
    dialogue.session.resume(call.exchange)
    #expect(try dialogue.sent() == [Frame(.data, flags: Frame.endStream, stream: call.stream)])
    try dialogue.receive(.answer(stream: call.stream), .message([1], stream: call.stream))
    try dialogue.receive(.message([2], stream: call.stream), .trailers(stream: call.stream))
    #expect(call.messages == [[1], [2]])
    #expect(try call.answer() == [])
  }

  /// How far the client lets the server go on, in this stream.
  private func released(_ frames: [Frame], stream: Int32) -> Int {
    frames.filter { $0.kind == .windowUpdate && $0.stream == stream }
      .reduce(0) { $0 + $1.payload.reduce(0) { $0 << 8 | Int($1) } }
  }

  @Test("a stream that nobody reads holds its server back, and the connection's window stays open")
  func backPressure() throws {
    var options = ClientSession.Options()
    options.streamWindow = 100_000
    options.connectionWindow = 100_000
    let dialogue = try Dialogue(options: options)
    let call = try dialogue.startStream()
    _ = try dialogue.sent()
    try dialogue.receive(.answer(stream: call.stream))
    var (ofStream, ofConnection) = (0, 0)
    func note() throws {
      let frames = try dialogue.sent()
      ofStream += released(frames, stream: call.stream)
      ofConnection += released(frames, stream: 0)
    }
    for _ in 0..<9 {
      try dialogue.receive(.message([UInt8](repeating: 1, count: 10_000), stream: call.stream))
    }
    try note()
    #expect(ofStream == 0)
    #expect(ofConnection >= 50_000)
    #expect(call.messages.count == 9)
    for message in call.messages {
      dialogue.session.release(call.exchange.taken(messageOf: message.count), of: call.exchange)
    }
    try note()
    #expect(ofStream >= 50_000)
  }

  @Test("a message larger than the stream's window comes through while somebody waits for it")
  func largeMessages() throws {
    var options = ClientSession.Options()
    options.streamWindow = 65_535
    let dialogue = try Dialogue(options: options)
    let call = try dialogue.startStream()
    _ = try dialogue.sent()
    try dialogue.receive(.answer(stream: call.stream))
    let message = [UInt8](repeating: 3, count: 300_000)
    var rest = MessageFraming.frame(message)[...]
    var window = 65_535
    while !rest.isEmpty {
      dialogue.session.release(call.exchange.waitsForMessage(), of: call.exchange)
      window += released(try dialogue.sent(), stream: call.stream)
      try #require(window > 0)
      let piece = Array(rest.prefix(min(window, 16_384)))
      try dialogue.receive(Frame(.data, stream: call.stream, piece))
      window -= piece.count
      rest = rest.dropFirst(piece.count)
    }
    #expect(call.messages == [message])
  }

  @Test("the server's limit of calls at a time is kept")
  func concurrency() throws {
    let dialogue = try Dialogue(settings: [(3, 1)])
    let calls = try (0..<3).map { _ in try dialogue.start() }
    for call in calls {
      #expect(try dialogue.sent().filter { $0.kind == .headers }.map(\.stream) == [call.stream])
      try dialogue.receive(
        .answer(stream: call.stream), .message([1], stream: call.stream), .trailers(stream: call.stream))
      #expect(try call.answer() == [1])
    }
  }
}
