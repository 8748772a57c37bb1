import Testing

@testable import HTTP

/// Requests as servers receive them, cut at every byte.
@Suite(.timeLimit(.minutes(30))) struct RequestReaderTests {
  struct Good: CustomTestStringConvertible {
    let text: String
    let method: String
    let target: String
    let body: String
    var trailers: Fields = [:]
    var count = 1
    var testDescription: String { text }
  }

  static let good = [
    Good(text: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", method: "GET", target: "/", body: ""),
    Good(text: "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", method: "GET", target: "/", body: ""),
    Good(text: "GET /a?b=c HTTP/1.0\r\n\r\n", method: "GET", target: "/a?b=c", body: ""),
    Good(text: "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", method: "OPTIONS", target: "*", body: ""),
    Good(
      text: "GET https://a:8443/x?y HTTP/1.1\r\nHost: A:8443\r\n\r\n", method: "GET", target: "/x?y", body: ""
    ),
    Good(text: "GET http://[::1] HTTP/1.1\r\nHost: [::1]\r\n\r\n", method: "GET", target: "/", body: ""),
    Good(text: "get / HTTP/1.1\r\nhOsT:a\r\n\r\n", method: "get", target: "/", body: ""),
    Good(
      text: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", method: "POST", target: "/",
      body: "hello"),
    Good(
      text: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \t 0 \t\r\n\r\n", method: "POST", target: "/",
      body: ""),
    Good(
      text:
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
      method: "POST", target: "/", body: "hello"),
    Good(
      text:
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b;c=\"d e\"\r\nhello\r\n00 ;x\r\nTrailer: yes\r\n\r\n",
      method: "POST", target: "/", body: "hello", trailers: ["Trailer": "yes"]),
    Good(
      text: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
      method: "POST", target: "/", body: "0123456789"),
    Good(
      text:
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
      method: "POST", target: "/", body: "hi", count: 2),
    Good(
      text: String(repeating: "GET /p HTTP/1.1\r\nHost: a\r\n\r\n", count: 5), method: "GET", target: "/p",
      body: "", count: 5),
  ]

  @Test(arguments: good) func isRead(_ good: Good) throws {
    for step in steps(good.text.utf8.count) {
      let outcome = readRequests(good.text.utf8, by: step)
      #expect(outcome.fault == nil)
      #expect(outcome.messages.count == good.count)
      for message in outcome.messages {
        #expect(message.head.method.name == good.method)
        #expect(message.head.target == good.target)
        #expect(String(decoding: message.body, as: UTF8.self) == good.body)
        #expect(message.trailers == good.trailers)
      }
    }
  }

  /// Cases of RFC 9112 in which two readers might understand two things, and plain rubbish.
  static let bad: [(String, Int)] = [
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\u{b}chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\n Content-Length: 5\r\n\r\nhello", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3 3\r\n\r\nabc", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ３\r\n\r\nabc", 400),
    ("GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\n\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\u{0}b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX\u{0}: y\r\n\r\n", 400),
    ("GET /\u{0} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{1}\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{7f}\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX(y): z\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", 400),
    ("GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501),
    ("GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET /é HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
    ("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    (String(repeating: "A", count: 40) + " / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET /\r\n\r\n", 400),
    ("GET / http/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
    ("GET / HTTP/0.9\r\n\r\n", 505),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\n", 400),
    ("\u{0}\u{0}\u{0}\u{0}\n", 400),
  ]

  @Test(arguments: bad) func isRefused(_ text: String, status: Int) {
    for step in steps(text.utf8.count) {
      #expect(readRequests(text.utf8, by: step).fault?.status.code == status, "\(step)")
    }
  }

  /// Bodies in chunks, after a good header.
  static let badChunks: [(String, Int)] = [
    ("", 0), ("x\r\n", 400), ("\r\n", 400), ("+3\r\nabc\r\n0\r\n\r\n", 400), ("0x3\r\nabc\r\n0\r\n\r\n", 400),
    ("-1\r\n", 400), ("3\nabc\r\n0\r\n\r\n", 400), ("3\r\nabcd\r\n0\r\n\r\n", 400),
    ("3\r\nabc0\r\n\r\n", 400),
    ("3\r\nabc\n0\r\n\r\n", 400), ("3 \r\nabc\r\n0\r\n\r\n", 400), (" 3\r\nabc\r\n0\r\n\r\n", 400),
    ("3 3\r\nabc\r\n0\r\n\r\n", 400), ("3;\u{0}\r\nabc\r\n0\r\n\r\n", 400),
    ("3;a\rb\r\nabc\r\n0\r\n\r\n", 400), ("000000003\r\nabc\r\n0\r\n\r\n", 400),
    ("ffffffff\r\n", 413), ("ffffffffffffffff\r\n", 400), ("8000000000000000\r\n", 400),
    ("3;" + String(repeating: "e", count: 300), 400), (String(repeating: "0", count: 300), 400),
    ("0\r\nno colon\r\n\r\n", 400), ("0\r\nA: b\n\r\n", 400), ("0\r\n folded\r\n\r\n", 400),
    ("0\r\n" + String(repeating: "A: b\r\n", count: 65) + "\r\n", 431),
    ("0\r\nA: " + String(repeating: "b", count: 5_000), 431),
    ("0\r\n" + String(repeating: "A: \(String(repeating: "b", count: 500))\r\n", count: 10), 431),
  ]

  @Test(arguments: badChunks) func isRefusedInChunks(_ body: String, status: Int) {
    let text = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    for step in [1, 2, 3, 7, 64, 100_000] {
      #expect(readRequests(text.utf8, by: step).fault?.status.code ?? 0 == status, "\(step)")
    }
  }

  @Test func isRefusedWhereItIsTooLarge() {
    var limits = MessageLimits()
    (limits.startLine, limits.field, limits.fieldCount, limits.head, limits.body) = (100, 50, 4, 150, 10)
    let begin = "POST / HTTP/1.1\r\nHost: a\r\n"
    let field = "X: \(String(repeating: "y", count: 47))\r\n"
    let cases: [(String, Int)] = [
      ("GET /\(String(repeating: "x", count: 83)) HTTP/1.1\r\nHost: a\r\n\r\n", 0),
      ("GET /\(String(repeating: "x", count: 85)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
      ("GET /" + String(repeating: "x", count: 200), 414), (begin + field + "\r\n", 0),
      (begin + "X\(field)\r\n", 431), (begin + "X: " + String(repeating: "y", count: 60), 431),
      (begin + field + field + field + "\r\n", 431),
      (begin + String(repeating: "A: b\r\n", count: 3) + "\r\n", 0),
      (begin + String(repeating: "A: b\r\n", count: 4) + "\r\n", 431),
      (begin + "Content-Length: 10\r\n\r\n0123456789", 0), (begin + "Content-Length: 11\r\n\r\n", 413),
      (begin + "Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n", 0),
      (begin + "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n6\r\n", 413),
    ]
    for (text, status) in cases {
      for step in steps(text.utf8.count) {
        #expect(
          readRequests(text.utf8, by: step, limits).fault?.status.code ?? 0 == status, "\(step) \(text)")
      }
    }
  }

  /// The header of a request whose body is too large is still told, so that a refusal can be logged with its path.
  @Test func theHeaderComesBeforeTheRefusalOfTheBody() {
    let text = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\n"
    let outcome = readRequests(text.utf8, by: 7)
    #expect(outcome.messages.map(\.head.target) == ["/x"])
    #expect(outcome.fault?.status == .contentTooLarge)
  }

  @Test func anUnendingLineIsNotStored() throws {
    var reader = RequestReader(MessageLimits())
    let block = [UInt8](repeating: 0x61, count: 4_096)
    #expect(throws: MessageFault.self) {
      for _ in 0..<1_000 {
        reader.receive(block.span.bytes)
        _ = try reader.next()
      }
    }
  }

  @Test func fieldsAreFoundWhateverTheirCase() throws {
    let text = "GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nx-one:2\r\nConnection: Keep-Alive , foo\r\n\r\n"
    let head = try #require(readRequests(text.utf8, by: 5).messages.first?.head)
    #expect(head.fields["x-ONE"] == "1")
    #expect(head.fields.all("X-One") == ["1", "2"])
    #expect(head.fields.words("connection") == ["keep-alive", "foo"])
    #expect(head.version.keepsAlive(head.fields))
    #expect(!Version.http11.keepsAlive(["Connection": "x, CLOSE"]))
    #expect(!Version.http10.keepsAlive([:]))
    #expect(Version.http10.keepsAlive(["connection": "keep-alive"]))
    #expect(!Version.http10.keepsAlive(["connection": "keep-alive, close"]))
  }

  /// Whatever is changed in a good request, reading ends with a fault or a request and never goes wrong.
  @Test func randomChangesDoNoHarm() {
    var random = SystemRandomNumberGenerator()
    let seeds = Self.good.map { Array($0.text.utf8) }
    for _ in 0..<3_000 {
      var text = seeds[Int.random(in: 0..<seeds.count, using: &random)]
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<text.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: text[place] = .random(in: 0...255, using: &random)
        case 1: text.insert(.random(in: 0...255, using: &random), at: place)
        default: if text.count > 1 { text.remove(at: place) }
        }
      }
      let whole = readRequests(text, by: 100_000)
      #expect(readRequests(text, by: 1) == whole)
    }
  }
}
