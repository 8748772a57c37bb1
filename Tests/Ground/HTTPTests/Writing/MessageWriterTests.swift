import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(30))) struct MessageWriterTests {
  @Test func aRequestIsReadAsItWasWritten() throws {
    var writer = MessageWriter()
    let head = RequestHead(.post, "/v1/x?y=z", fields: ["Host": "a:8443", "X-Y": "some words"])
    try writer.request(head, .bytes(5))
    writer.body("hello".utf8)
    try writer.request(head, .chunked)
    writer.chunk("he".utf8)
    writer.chunk("".utf8)
    writer.chunk("llo".utf8)
    try writer.lastChunk(["T": "1"])
    try writer.request(RequestHead(.get, "/", fields: ["Host": "a"]), .none)
    let outcome = readRequests(writer.take(), by: 3)
    #expect(outcome.fault == nil)
    #expect(outcome.messages.map { String(decoding: $0.body, as: UTF8.self) } == ["hello", "hello", ""])
    #expect(outcome.messages[0].head.fields["x-y"] == "some words")
    #expect(outcome.messages[1].trailers == ["T": "1"])
    #expect(writer.bytes.isEmpty)
  }

  @Test func anAnswerIsWrittenInFull() throws {
    var writer = MessageWriter()
    try writer.response(ResponseHead(.notFound, fields: ["Content-Type": "text/plain"]), .bytes(2))
    writer.body([0x68, 0x69])
    #expect(
      String(decoding: writer.take(), as: UTF8.self)
        == "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi")
    try writer.response(ResponseHead(Status(299)), .none)
    #expect(String(decoding: writer.take(), as: UTF8.self) == "HTTP/1.1 299 Status 299\r\n\r\n")
  }

  @Test(
    arguments: [
      ["X": "a\r\nY: b"], ["X": "a\nb"], ["X\r\nY": "a"], ["X Y": "a"], ["": "a"], ["X": "\u{0}"],
      ["Content-Length": "5"], ["transfer-encoding": "chunked"],
    ] as [Fields])
  func whatWouldBreakAMessageIsNotWritten(fields: Fields) {
    var writer = MessageWriter()
    #expect(throws: MessageFault.self) { try writer.response(ResponseHead(.ok, fields: fields), .none) }
  }

  @Test(arguments: ["", "/a b", "/\r\n", "/ü"]) func aTargetThatBreaksTheLineIsNotWritten(target: String) {
    var writer = MessageWriter()
    #expect(throws: MessageFault.self) { try writer.request(RequestHead(.get, target), .none) }
  }
}
