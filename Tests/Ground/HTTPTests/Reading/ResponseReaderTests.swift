import Testing

@testable import HTTP

/// Answers as clients receive them, cut at every byte.
@Suite(.timeLimit(.minutes(30))) struct ResponseReaderTests {
  struct Good: CustomTestStringConvertible {
    let text: String
    var method = HTTP.Method.get
    var status = 200
    var body = ""
    var trailers: Fields = [:]
    var testDescription: String { text }
  }

  static let good = [
    Good(text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", body: "hello"),
    Good(text: "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"),
    Good(text: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"),
    Good(text: "HTTP/1.0 404 Not Found, ü\r\n\r\nuntil the end", status: 404, body: "until the end"),
    Good(
      text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n",
      body: "hello", trailers: ["A": "b"]),
    Good(text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", method: .head),
    Good(text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", method: .head),
    Good(text: "HTTP/1.1 204 No Content\r\n\r\n", status: 204),
    Good(text: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", status: 304),
    Good(
      text:
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nhi",
      status: 201, body: "hi"),
    Good(
      text: "HTTP/1.1 307 Temporary Redirect\r\nLocation: https://elsewhere\r\nContent-Length: 0\r\n\r\n",
      status: 307),
  ]

  @Test(arguments: good) func isRead(_ good: Good) throws {
    for step in steps(good.text.utf8.count) {
      let outcome = readResponse(good.text.utf8, to: good.method, by: step)
      #expect(outcome.fault == nil, "\(step)")
      let message = try #require(outcome.messages.first)
      #expect(outcome.messages.count == 1)
      #expect(message.head.status.code == good.status)
      #expect(String(decoding: message.body, as: UTF8.self) == good.body)
      #expect(message.trailers ?? [:] == good.trailers)
    }
  }

  @Test(arguments: [
    "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n",
    "HTTP/1.1  200 OK\r\n\r\n",
    "HTTP/1.1 200OK\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "ICY 200 OK\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n", String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 17),
    "\u{15}\u{3}\u{1}\u{0}\u{2}\u{2}\n", String(repeating: "x", count: 9_000),
  ]) func isRefused(_ text: String) {
    for step in [1, 2, 3, 7, 100_000] {
      #expect(readResponse(text.utf8, by: step).fault != nil, "\(step)")
    }
  }

  @Test func aBodyOverTheLimitIsNotStored() {
    var limits = MessageLimits()
    limits.body = 10
    for text in [
      "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n0123456789a",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n",
    ] { #expect(readResponse(text.utf8, by: 3, limits).fault?.status == .contentTooLarge) }
    #expect(readResponse("HTTP/1.1 200 OK\r\n\r\n0123456789".utf8, by: 3, limits).fault == nil)
  }
}
