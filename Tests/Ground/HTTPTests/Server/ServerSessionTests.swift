import Testing

@testable import HTTP

/// What a server does with the bytes of one connection, without a network or a clock.
@Suite(.timeLimit(.minutes(30))) struct ServerSessionTests {
  private let date = "Sun, 06 Nov 1994 08:49:37 GMT"

  /// A session that answers every request with its method, path and body, and all that it sends.
  private func talk(
    _ text: some Collection<UInt8>, by step: Int = 1, _ limits: MessageLimits = MessageLimits(),
    then end: (inout ServerSession) -> ServerSession.Step? = { _ in nil }
  ) -> (sent: String, handled: [String], session: ServerSession) {
    var session = ServerSession(limits)
    var sent: [UInt8] = []
    var handled: [String] = []
    func perform(_ first: ServerSession.Step?) {
      var next = first
      while let step = next {
        switch step {
        case .send(let bytes), .refuse(let bytes): sent += bytes
        case .close: handled.append("close")
        case .handle(let head, let body):
          handled.append("\(head.method) \(head.target) \(body)")
          let text = (try? body.get()).map { String(decoding: $0, as: UTF8.self) } ?? "fault"
          let answer = session.answer(Response(.ok, text: text), date: date)
          sent += answer.head + answer.body
        }
        next = session.next(date: date)
      }
    }
    let bytes = Array(text)
    for begin in stride(from: 0, to: bytes.count, by: step) {
      let piece = Array(bytes[begin..<min(begin + step, bytes.count)])
      session.receive(piece.span.bytes)
      perform(session.next(date: date))
    }
    perform(end(&session))
    return (String(decoding: sent, as: UTF8.self), handled, session)
  }

  private func answer(_ body: String, _ more: String = "") -> String {
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nDate: \(date)\r\n\(more)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  @Test func requestsOfOneConnectionAreAnsweredInTheirOrder() {
    let text =
      "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\noneGET /b HTTP/1.1\r\nHost: a\r\n\r\nPOST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\ntwo\r\n0\r\n\r\nGET /ignored HTTP/1.1\r\nHost: a\r\n\r\n"
    for step in [1, 2, 5, 1_000] {
      let (sent, handled, session) = talk(text.utf8, by: step)
      #expect(sent == answer("one") + answer("") + answer("two", "Connection: close\r\n"))
      #expect(handled.count == 3)
      #expect(session.phase == .ended)
    }
  }

  @Test func theConnectionStaysAsLongAsBothSidesWant() {
    #expect(talk("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8).session.phase == .idle)
    #expect(talk("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8).session.phase == .ended)
    #expect(talk("GET / HTTP/1.0\r\n\r\n".utf8).session.phase == .ended)
    let old = talk("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".utf8)
    #expect(old.session.phase == .idle)
    #expect(old.sent.contains("\r\nConnection: keep-alive\r\n"))
  }

  @Test func theAnswerToHeadHasALengthAndNoBody() {
    var session = ServerSession(MessageLimits())
    session.receive(Array("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n".utf8).span.bytes)
    _ = session.next(date: date)
    let answer = session.answer(Response(.ok, text: "hello"), date: date)
    let (bytes, isLast) = (answer.head + answer.body, answer.isLast)
    #expect(String(decoding: bytes, as: UTF8.self).hasSuffix("Content-Length: 5\r\n\r\n"))
    #expect(!isLast)
  }

  @Test func anAnswerWithoutBodyHasNoLength() {
    var session = ServerSession(MessageLimits())
    session.receive(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8).span.bytes)
    _ = session.next(date: date)
    let answer = session.answer(Response(.noContent, text: "hello"), date: date)
    let bytes = answer.head + answer.body
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(!text.contains("Length") && !text.contains("hello"))
  }

  @Test func aBodyIsAskedForWhereTheClientWaits() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n"
    let (sent, handled, _) = talk((head + "hi").utf8)
    #expect(sent == "HTTP/1.1 100 Continue\r\n\r\n" + answer("hi"))
    #expect(handled.count == 1)
    // One that did not wait, one that has no body, one that cannot understand it, one that will be refused.
    #expect(talk((head + "hi").utf8, by: 1_000).sent == answer("hi"))
    #expect(!talk("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n".utf8).sent.contains("100 C"))
    #expect(!talk(head.replacing("1.1", with: "1.0").utf8).sent.contains("100 C"))
    let large = talk(head.replacing(": 2\r\n", with: ": 99999999\r\n").utf8)
    #expect(!large.sent.contains("100 C"))
    #expect(large.handled == ["POST / failure(HTTP.BodyFault.tooLarge)"])
    let other = talk(head.replacing("100-Continue", with: "200-maybe").utf8)
    #expect(other.sent.hasPrefix("HTTP/1.1 417 "))
    #expect(other.handled.isEmpty)
  }

  @Test func aHeaderThatIsNoneIsRefusedWithoutTheHandler() {
    for (text, status) in [("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/3.0\r\n\r\n", 505)] {
      let (sent, handled, session) = talk(text.utf8)
      #expect(sent.hasPrefix("HTTP/1.1 \(status) "))
      #expect(sent.contains("\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))
      #expect(handled.isEmpty)
      #expect(session.phase == .ended)
    }
  }

  /// The handler decides what is said of a body that is not whole; the connection ends after it.
  @Test func aBodyThatIsNotWholeIsTheHandlersMatter() {
    let head = "POST /x HTTP/1.1\r\nHost: a\r\n"
    let chunked = head + "Transfer-Encoding: chunked\r\n\r\n"
    for (text, end, fault) in [
      (head + "Content-Length: 9\r\n\r\nhi", "expire", "incomplete"),
      (head + "Content-Length: 9\r\n\r\nhi", "end", "incomplete"),
      (chunked + "ffffff\r\n", "", "tooLarge"),
      (chunked + "2\r\nhi", "end", "incomplete"),
    ] {
      let result = talk(text.utf8) { session in
        switch end {
        case "expire": session.expire(date: date)
        case "end": session.endInput()
        default: nil
        }
      }
      #expect(result.handled == ["POST /x failure(HTTP.BodyFault.\(fault))"])
      #expect(result.sent == answer("fault", "Connection: close\r\n"))
      #expect(result.session.phase == .ended)
    }
  }

  /// Not a fault of the connection, after which a client may send the request again (RFC 9110, section 15.5.9).
  @Test(arguments: ["GET", "POST"]) func brokenChunksAreRefusedWithoutTheHandler(method: String) {
    let head = "\(method) /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    for chunks in ["0x3\r\nabc\r\n0\r\n\r\n", "3\r\nabcd\r\n", "0\r\nnot a field\r\n\r\n"] {
      let (sent, handled, session) = talk((head + chunks).utf8)
      #expect(sent.hasPrefix("HTTP/1.1 400 "), "\(chunks.debugDescription)")
      #expect(handled.isEmpty && session.phase == .ended)
    }
  }

  @Test func aDeadlineEndsWhatDoesNotGetOn() {
    #expect(talk([]) { $0.expire(date: date) }.handled == ["close"])
    #expect(talk("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8) { $0.expire(date: date) }.handled.last == "close")
    let half = talk("GET / HT".utf8) { $0.expire(date: date) }
    #expect(half.sent.hasPrefix("HTTP/1.1 408 "))
    #expect(half.handled.isEmpty)
    #expect(talk("GET / HT".utf8) { $0.endInput() }.handled == ["close"])
  }

  @Test func aClientThatSendsNoMoreStillGetsItsAnswer() {
    var session = ServerSession(MessageLimits())
    session.receive(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8).span.bytes)
    #expect(session.next(date: date) == .handle(RequestHead(.get, "/", fields: ["Host": "a"]), .success([])))
    #expect(session.endInput() == nil)
    #expect(session.answer(Response(.ok), date: date).isLast)
  }

  @Test func aStopEndsTheConnectionAfterTheRequestUnderWay() {
    var session = ServerSession(MessageLimits())
    session.receive(
      Array("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8).span.bytes)
    _ = session.next(date: date)
    session.isStopping = true
    #expect(session.next(date: date) == nil)
    #expect(session.answer(Response(.ok), date: date).isLast)
    var idle = ServerSession(MessageLimits())
    idle.isStopping = true
    #expect(idle.next(date: date) == .close)
  }

  /// Each client that reads a revocation list would cost as many bytes.
  @Test func aBodyIsNotCopied() {
    var session = ServerSession(MessageLimits())
    session.receive(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8).span.bytes)
    _ = session.next(date: date)
    let response = Response(.ok, body: [UInt8](repeating: 1, count: 1 << 20))
    let answer = session.answer(response, date: date)
    func place(_ bytes: [UInt8]) -> UnsafeRawPointer? { bytes.withUnsafeBytes { $0.baseAddress } }
    #expect(answer.body == response.body && place(answer.body) == place(response.body))
  }

  @Test func anAnswerThatCannotBeWrittenBecomes500() {
    var session = ServerSession(MessageLimits())
    session.receive(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8).span.bytes)
    _ = session.next(date: date)
    let answer = session.answer(Response(.ok, fields: ["X": "a\r\nY: b"], body: [1, 2]), date: date)
    #expect(String(decoding: answer.head, as: UTF8.self).hasPrefix("HTTP/1.1 500 "))
    #expect(answer.isLast && answer.body.isEmpty)
  }
}
