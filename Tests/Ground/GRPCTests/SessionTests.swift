import Testing

@testable import GRPC

@Suite("A connection without a network")
struct SessionTests {
  @Test("begins with its settings and windows")
  func preface() throws {
    let session = try ClientSession(scheme: "https", authority: "h:1")
    var bytes: [UInt8] = []
    try session.send(into: &bytes, enough: .max)
    #expect(bytes.starts(with: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))
    let frames = Frame.all(in: Array(bytes.dropFirst(24)))
    #expect(frames.map(\.kind) == [.settings, .windowUpdate])
    #expect(frames[0].payload.starts(with: [0, 2, 0, 0, 0, 0, 0, 4, 0, 0x10, 0, 0]))
    #expect(frames[1].payload == Frame.fourBytes(16 << 20 - 65_535))
    #expect(!session.isReady)
  }

  @Test("a call is answered, in whatever pieces the answer comes", arguments: [1, 2, 3, 7, 64, .max])
  func answered(piece: Int) throws {
    let dialogue = try Dialogue()
    let call = try dialogue.start([9, 9], timeout: .seconds(8))
    let sent = try dialogue.sent()
    #expect(sent.map(\.kind) == [.headers, .data])
    #expect(sent[1].payload == [0, 0, 0, 0, 2, 9, 9] && sent[1].flags == Frame.endStream)
    #expect(call.ends.isEmpty)
    try dialogue.receive(
      .answer(stream: call.stream), .message([4, 5, 6], stream: call.stream), .trailers(stream: call.stream),
      inPiecesOf: piece)
    #expect(try call.answer() == [4, 5, 6])
    #expect(dialogue.session.isIdle)
  }

  @Test("an answer may be empty, and may come in several frames")
  func pieces() throws {
    let dialogue = try Dialogue()
    let (empty, split) = (try dialogue.start(), try dialogue.start())
    _ = try dialogue.sent()
    try dialogue.receive(.answer(stream: empty.stream), .answer(stream: split.stream))
    let whole = Frame.message([7, 8, 9], stream: split.stream).payload
    try dialogue.receive(
      Frame(.data, stream: split.stream, Array(whole.prefix(3))), .message([], stream: empty.stream),
      Frame(.data, stream: split.stream, Array(whole.dropFirst(3))), .trailers(stream: split.stream),
      .trailers(stream: empty.stream))
    #expect(try empty.answer() == [])
    #expect(try split.answer() == [7, 8, 9])
  }

  @Test("an answer of trailers alone tells the server's words, which are percent-encoded")
  func trailersOnly() throws {
    let dialogue = try Dialogue()
    let call = try dialogue.start()
    _ = try dialogue.sent()
    try dialogue.receive(
      .headers(
        [
          (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "7"),
          ("grpc-message", "100%25 nicht f%C3%BCr dich%0A%zz%4"),
        ], stream: call.stream, isLast: true))
    #expect(
      call.error == GRPCError(.permissionDenied, "100% nicht für dich\\u{a}%zz%4", processing: .answered))
  }

  @Test("a status comes through after a message too, and an unknown one is an error")
  func status() throws {
    let dialogue = try Dialogue()
    for (number, status) in [
      ("14", GRPCStatus.unavailable), ("99", .unknown), ("-1", .unknown), ("x", .unknown),
    ] {
      let call = try dialogue.start()
      _ = try dialogue.sent()
      try dialogue.receive(
        .answer(stream: call.stream), .message([1], stream: call.stream),
        .headers([("grpc-status", number), ("grpc-message", "why")], stream: call.stream, isLast: true))
      #expect(call.error == GRPCError(status, "why", processing: .answered))
    }
  }

  @Test("a status without words is told by its number")
  func noWords() throws {
    let dialogue = try Dialogue()
    for (number, status, words) in [
      ("13", GRPCStatus.internal, "the gRPC status 13 (INTERNAL) and no message"),
      ("99", .unknown, "the gRPC status 99 (unknown) and no message"),
      ("x", .unknown, "a gRPC status that is not a number"),
    ] {
      let call = try dialogue.start()
      _ = try dialogue.sent()
      try dialogue.receive(
        .headers(
          [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", number)],
          stream: call.stream, isLast: true))
      #expect(call.error == GRPCError(status, "the server answered with \(words)", processing: .answered))
    }
  }

  @Test("a proxy's page about an error is no message, to a call or a stream")
  func pages() throws {
    let dialogue = try Dialogue()
    let page = Array("<html><h1>503 Service Unavailable</h1>".utf8)
    for isStream in [false, true] {
      let call = try isStream ? dialogue.startStream() : dialogue.start()
      _ = try dialogue.sent()
      try dialogue.receive(
        .headers([(":status", "503"), ("content-type", "text/html")], stream: call.stream),
        Frame(.data, stream: call.stream, page),
        Frame(.data, flags: Frame.endStream, stream: call.stream, page))
      #expect(
        call.error
          == GRPCError(.unavailable, "the server answered HTTP 503 and not gRPC", processing: .maybe))
      #expect(call.messages.isEmpty)
    }
  }

  @Test("an answer that is not gRPC is an error that says so")
  func notGRPC() throws {
    let dialogue = try Dialogue()
    for (headers, status) in [
      ([(":status", "404"), ("content-type", "text/html")], GRPCStatus.unimplemented),
      ([(":status", "503")], .unavailable),
      ([(":status", "200"), ("content-type", "text/html")], .internal),
      ([(":status", "200"), ("content-type", "text/html"), ("grpc-status", "0")], .internal),
      ([(":status", "302"), ("location", "https://elsewhere/")], .unknown),
    ] {
      let call = try dialogue.start()
      _ = try dialogue.sent()
      try dialogue.receive(.headers(headers, stream: call.stream, isLast: true))
      #expect(call.error?.status == status)
      #expect(call.error?.message.contains("not gRPC") == true)
    }
  }

  @Test("an answer that ends without a status, as of a server that is stopped, leaves it open what was done")
  func withoutStatus() throws {
    let dialogue = try Dialogue()
    for headers in [[(":status", "200"), ("content-type", "application/grpc")], [(":status", "200")]] {
      let call = try dialogue.start()
      _ = try dialogue.sent()
      try dialogue.receive(.headers(headers, stream: call.stream, isLast: true))
      #expect(
        call.error
          == GRPCError(.unavailable, "the server ended the call without a status", processing: .maybe))
    }
  }

  @Test("messages that break the rules end the call, and the stream")
  func violations() throws {
    var options = ClientSession.Options()
    options.messageLimit = 1_000
    let dialogue = try Dialogue(options: options)
    for (payload, words) in [
      ([1, 0, 0, 0, 1, 7], "compressed"), ([0, 0, 0, 0x03, 0xe9, 7], "a message of 1001 bytes"),
      ([0, 0xff, 0xff, 0xff, 0xff], "a message of 4294967295 bytes"),
      ([0, 0, 0, 0, 1, 7, 0, 0, 0, 0, 1, 7], "more than one message"),
    ] as [([UInt8], String)] {
      let call = try dialogue.start()
      _ = try dialogue.sent()
      try dialogue.receive(.answer(stream: call.stream), Frame(.data, stream: call.stream, payload))
      #expect(call.error?.message.contains(words) == true, "\(call.ends)")
      #expect(call.error?.processing == .maybe)
      #expect(try dialogue.sent().contains(.reset(8, stream: call.stream)))
      // What the server still sends on this stream is nobody's.
      try dialogue.receive(.trailers(stream: call.stream))
    }
    for payload in [[0, 0, 0, 0, 2, 7], [0, 0], []] as [[UInt8]] {
      let call = try dialogue.start()
      _ = try dialogue.sent()
      try dialogue.receive(
        .answer(stream: call.stream), Frame(.data, stream: call.stream, payload),
        .trailers(stream: call.stream))
      #expect(call.error?.status == .internal, "\(payload)")
    }
  }

  @Test("a call that the server resets was maybe processed, unless it says that it refused it")
  func resets() throws {
    let dialogue = try Dialogue()
    for (code, processing) in [
      (7, .surelyNot), (8, .maybe), (0, .maybe), (2, .maybe), (11, .maybe),
    ] as [(UInt32, GRPCError.Processing)] {
      let call = try dialogue.start()
      _ = try dialogue.sent()
      try dialogue.receive(.reset(code, stream: call.stream))
      #expect(call.error?.status == .unavailable)
      #expect(call.error?.processing == processing, "\(code)")
    }
  }

  @Test("a call that was answered before its request was sent is answered, though the stream is reset")
  func earlyAnswer() throws {
    let dialogue = try Dialogue()
    let call = try dialogue.start([UInt8](repeating: 1, count: 1 << 20))
    _ = try dialogue.sent()
    try dialogue.receive(
      .headers(
        [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "8")], stream: call.stream,
        isLast: true), .reset(0, stream: call.stream))
    #expect(call.error?.status == .resourceExhausted)
    #expect(call.error?.processing == .answered)
  }

  @Test("GOAWAY says exactly which calls were not processed; the others go on")
  func goAway() throws {
    let dialogue = try Dialogue()
    let calls = try (0..<4).map { _ in try dialogue.start() }
    _ = try dialogue.sent()
    try dialogue.receive(.goAway(last: UInt32(calls[1].stream), code: 0, "bye"))
    #expect(dialogue.session.goAway == ClientSession.GoAway(code: 0, words: "bye"))
    for call in calls[2...] { #expect(call.error?.processing == .surelyNot) }
    for call in calls[..<2] {
      #expect(call.ends.isEmpty)
      try dialogue.receive(
        .answer(stream: call.stream), .message([1], stream: call.stream), .trailers(stream: call.stream))
      #expect(try call.answer() == [1])
    }
    // nghttp2 sends nothing new: the call was surely not processed.
    let late = try? dialogue.start()
    _ = try dialogue.sent()
    #expect(late == nil || late?.error?.processing == .surelyNot)
  }

  @Test("when the connection ends, only a call that was not put into bytes was surely not processed")
  func lost() throws {
    let dialogue = try Dialogue(settings: [(3, 2)])
    let first = try (0..<2).map { _ in try dialogue.start() }
    let inLine = try dialogue.start()
    #expect(try dialogue.sent().filter { $0.kind == .headers }.count == 2)
    let unsent = try dialogue.start()
    dialogue.session.fail("the connection was reset")
    for call in first { #expect(call.error?.processing == .maybe) }
    for call in [inLine, unsent] { #expect(call.error?.processing == .surelyNot) }
    #expect(inLine.error?.message == "the connection was reset")
  }

  @Test("a call that is given up ends for the server too, and one that was not sent is never heard of")
  func givenUp() throws {
    let dialogue = try Dialogue()
    let sent = try dialogue.start()
    _ = try dialogue.sent()
    let unsent = try dialogue.start()
    for call in [sent, unsent] { dialogue.session.giveUp(call.exchange) }
    #expect(try dialogue.sent() == [.reset(8, stream: sent.stream)])
    #expect(dialogue.session.isIdle && sent.ends.isEmpty && unsent.ends.isEmpty)
    // An answer that was under way is nobody's.
    try dialogue.receive(.answer(stream: sent.stream), .message([1], stream: sent.stream))
    let next = try dialogue.start()
    _ = try dialogue.sent()
    try dialogue.receive(
      .answer(stream: next.stream), .message([2], stream: next.stream), .trailers(stream: next.stream))
    #expect(try next.answer() == [2])
  }

  @Test("a PING is answered, and the server's answer to one is noticed")
  func pings() throws {
    let dialogue = try Dialogue()
    let data: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
    try dialogue.receive(Frame(.ping, data))
    #expect(try dialogue.sent() == [Frame(.ping, flags: Frame.acknowledgement, data)])
    dialogue.session.ping()
    let ping = try #require(try dialogue.sent().first)
    #expect(ping.kind == .ping && dialogue.session.isPinged)
    try dialogue.receive(Frame(.ping, flags: Frame.acknowledgement, ping.payload))
    #expect(!dialogue.session.isPinged)
  }

  @Test("a value that may be secret is in no table of headers")
  func secrets() throws {
    let dialogue = try Dialogue()
    let lengths = try (0..<4).map { _ in
      _ = try dialogue.start(token: "a-token-of-some-length")
      return try #require(try dialogue.sent().first { $0.kind == .headers }).payload.count
    }
    // What is in a table is sent as a number of one or two bytes; this never gets shorter.
    #expect(lengths[1] == lengths[2] && lengths[2] == lengths[3])
    #expect(lengths[3] > 20)
  }
}
