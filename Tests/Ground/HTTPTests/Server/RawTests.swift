import Foundation
import Testing

@testable import HTTP

/// Raw sockets: what clients send by mistake or on purpose.
@Suite(.timeLimit(.minutes(30))) struct RawTests {
  private func ask(_ port: Int, _ text: String, finish: Bool = false) async throws -> String {
    try await aside {
      let socket = try RawSocket(port)
      socket.send(text)
      if finish { socket.finish() }
      return socket.receive()
    }
  }

  private static let end = "GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

  /// Each is refused with an answer, after which the connection ends and what follows is not taken for a request.
  @Test func whatCouldBeReadInTwoWaysIsRefusedAndTheConnectionEnds() async throws {
    try await TestServer.with { server in
      for (text, status) in RequestReaderTests.bad {
        let answer = try await ask(server.port, text + Self.end)
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(text.debugDescription): \(answer)")
        #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2, "\(text.debugDescription)")
      }
      #expect(server.requests.isEmpty)
      for (body, status) in RequestReaderTests.badChunks where status != 0 {
        let head = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let answer = try await ask(server.port, head + body + Self.end)
        #expect(answer.hasPrefix("HTTP/1.1 4"), "\(body.prefix(60).debugDescription): \(answer)")
        #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2, "\(body.prefix(60).debugDescription)")
      }
      #expect(server.requests.allSatisfy { $0 == "POST /x tooLarge" })
      #expect(try await ask(server.port, Self.end).hasPrefix("HTTP/1.1 200 "))
    }
  }

  @Test func whatIsGoodIsAnswered() async throws {
    try await TestServer.with { server in
      for good in RequestReaderTests.good {
        let answer = try await ask(server.port, good.text + Self.end)
        let isLast = good.text.contains("HTTP/1.0")
        #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(good.text.debugDescription)")
        #expect(answer.components(separatedBy: "HTTP/1.1 200 ").count - 1 == good.count + (isLast ? 0 : 1))
        if !isLast { #expect(answer.hasSuffix("GET /end \n")) }
      }
    }
  }

  @Test func aThousandRequestsInOnePacketAreAnsweredInTheirOrder() async throws {
    try await TestServer.with { server in
      let text = (0..<1_000).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined() + Self.end
      let answer = try await ask(server.port, text)
      let paths = answer.utf8.split(separator: 10).map { String(decoding: $0, as: UTF8.self) }.filter {
        $0.hasPrefix("GET /")
      }
      #expect(paths.prefix(1_000).elementsEqual((0..<1_000).map { "GET /\($0) " }))
      #expect(paths.count == 1_001)
    }
  }

  @Test func aClientThatSendsNoMoreStillGetsItsAnswer() async throws {
    let late: @Sendable (Request) async -> Response = { _ in
      try? await Task.sleep(for: .milliseconds(200))
      return Response(.ok, text: "late")
    }
    try await TestServer.with(answer: late) { server in
      let answer = try await ask(server.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", finish: true)
      #expect(answer.hasSuffix("late"))
      #expect(try await ask(server.port, "GET / HT", finish: true) == "")
      #expect(try await ask(server.port, "", finish: true) == "")
    }
  }

  @Test func aConnectionThatEndsInAMessageIsNoWholeRequest() async throws {
    try await TestServer.with { server in
      let answer = try await ask(
        server.port, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhi", finish: true)
      #expect(answer.hasPrefix("HTTP/1.1 408 "))
      // Gone without a word.
      try await aside {
        let socket = try RawSocket(server.port)
        socket.send("POST /y HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhi")
      }
      for _ in 0..<600 where server.requests.count < 2 {
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(server.requests == ["POST /x incomplete", "POST /y incomplete"])
    }
  }

  /// An answer that comes before all was sent is not lost in a reset.
  @Test func anEarlyAnswerArrivesWhileTheClientStillSends() async throws {
    try await TestServer.with { server in
      for framing in ["Content-Length: 1000000", "Transfer-Encoding: chunked"] {
        let answer = try await aside { [port = server.port] in
          let socket = try RawSocket(port)
          let begin = framing.hasPrefix("T") ? "80000\r\n" : ""
          socket.send("POST / HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n\(begin)")
          // It may be that the last bytes are refused; what was answered is there all the same.
          socket.send([UInt8](repeating: 0x78, count: 500_000))
          return socket.receive()
        }
        #expect(answer.hasPrefix("HTTP/1.1 413 "), "\(framing)")
      }
    }
  }

  @Test func aBodyIsAskedForOnlyWhereItWillBeTaken() async throws {
    try await TestServer.with { server in
      let head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: "
      try await aside { [port = server.port] in
        let socket = try RawSocket(port)
        socket.send(head + "2\r\n\r\n")
        #expect(socket.receive(upTo: 25) == "HTTP/1.1 100 Continue\r\n\r\n")
        socket.send("hi")
        #expect(socket.receive().hasSuffix("POST / hi\n"))
        let large = try RawSocket(port)
        large.send(head + "99999999\r\n\r\n")
        #expect(large.receive().hasPrefix("HTTP/1.1 413 "))
      }
    }
  }

  @Test func deadlinesCountFromTheBeginningOfAPhase() async throws {
    try await TestServer.with {
      $0.setPatience(.seconds(1))
    } _: { server in
      for (text, begins) in [
        ("", ""), ("GET / HTTP/1.1\r\nX: ", "HTTP/1.1 408 "),
        ("GET /idle HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 "),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", "HTTP/1.1 408 "),
      ] {
        let isIdle = text.isEmpty || text.contains("idle")
        let start = ContinuousClock.now
        let answer = try await aside { [port = server.port] in
          let socket = try RawSocket(port)
          socket.send(text)
          // A drop now and then does not lengthen it.
          for _ in 0..<15 where !isIdle {
            usleep(100_000)
            socket.send("x")
          }
          return socket.receive()
        }
        #expect(answer.hasPrefix(begins), "\(text)")
        #expect(ContinuousClock.now - start < .seconds(20), "\(text)")
      }
    }
  }

  @Test func aSlowReaderIsCutOffAndKeepsNoThread() async throws {
    let large = Response(.ok, body: [UInt8](repeating: 0x78, count: 16 << 20))
    try await TestServer.with {
      $0.answer = .seconds(1)
    } answer: {
      $0.path == "/large" ? large : Response(.ok, text: "small")
    } _: { server in
      let sockets = try await aside { [port = server.port] in
        try (0..<10).map { number in
          let socket = try RawSocket(port)
          let more = number.isMultiple(of: 2) ? "" : "Connection: close\r\n"
          socket.send("GET /large HTTP/1.1\r\nHost: a\r\n\(more)\r\n")
          return Held(socket)
        }
      }
      #expect(try await ask(server.port, Self.end).hasSuffix("small"))
      try await Task.sleep(for: .seconds(2))
      // What was in the buffers, and no more.
      for number in 0...1 {
        let received = try await aside { sockets[number].socket.receive().utf8.count }
        #expect(received < 16 << 20)
      }
      // One that reads gets it all.
      let whole = try await ask(server.port, "GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      #expect(whole.utf8.count > 16 << 20)
    }
  }

  /// The limit is for a part of an answer: a list of 25 MB has more time than a line of text.
  @Test func aLargeAnswerHasTimeWhileItIsTaken() async throws {
    let size = 24 << 20
    let large = Response(.ok, body: [UInt8](repeating: 0x78, count: size))
    try await TestServer.with {
      $0.answer = .seconds(3)
    } answer: { _ in
      large
    } _: { server in
      try await withThrowingTaskGroup(of: Int.self) { group in
        for ending in ["Connection: close\r\n", ""] {
          group.addTask { [port = server.port] in
            try await aside {
              let socket = try RawSocket(port, room: 128 << 10)
              socket.send("GET / HTTP/1.1\r\nHost: a\r\n\(ending)\r\n")
              // About 6 seconds.
              return socket.count(upTo: size, inPiecesOf: 512 << 10, pause: 125_000)
            }
          }
        }
        for try await count in group { #expect(count == size) }
      }
    }
  }

  @Test func largeAnswersAtATimeAreLimitedForEachClient() async throws {
    let large = Response(.ok, body: [UInt8](repeating: 0x78, count: 32 << 20))
    try await TestServer.with {
      $0.transfersPerClient = 2
    } answer: {
      $0.path == "/large" ? large : Response(.ok, text: "small")
    } _: { server in
      let text = "GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
      var held = try await aside { [port = server.port] in
        try (0..<2).map { _ in
          let socket = try RawSocket(port)
          socket.send(text)
          // It has begun.
          #expect(socket.receive(upTo: 15) == "HTTP/1.1 200 OK")
          return Held(socket)
        }
      }
      let refused = try await ask(server.port, text)
      #expect(refused.hasPrefix("HTTP/1.1 503 ") && refused.contains("Retry-After: 10\r\n"))
      #expect(try await ask(server.port, Self.end).hasSuffix("small"))
      held.removeLast()
      for attempt in 0..<100 {
        if try await ask(server.port, text).utf8.count > 32 << 20 { break }
        #expect(attempt < 99)
        try await Task.sleep(for: .milliseconds(100))
      }
      withExtendedLifetime(held) {}
    }
  }

  @Test func oneClientCannotHoldAllConnections() async throws {
    try await TestServer.with {
      $0.connectionsPerClient = 3
    } _: { server in
      try await aside { [port = server.port] in
        var sockets = try (0..<3).map { _ in try RawSocket(port) }
        let fourth = try RawSocket(port)
        #expect(fourth.ends(within: 30))
        #expect(!sockets[0].ends(within: 1))
        // A place that was given back is there again.
        sockets.removeLast()
        for attempt in 0..<100 {
          usleep(100_000)
          let next = try RawSocket(port)
          next.send(Self.end)
          let answer = next.receive()
          if answer.hasPrefix("HTTP/1.1 200 ") { return }
          #expect(attempt < 99)
        }
      }
    }
  }

  @Test func fiveHundredIdleAndDrippingConnectionsHoldNobodyUp() async throws {
    try await TestServer.with { server in
      let sockets = try await aside { [port = server.port] in
        try (0..<500).map { number in
          let socket = try RawSocket(port)
          if number.isMultiple(of: 2) {
            socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx")
          }
          return Held(socket)
        }
      }
      let dripping = Task {
        while !Task.isCancelled {
          try await aside { for socket in sockets where !socket.socket.send("") { return } }
          try await Task.sleep(for: .milliseconds(50))
        }
      }
      let start = ContinuousClock.now
      for _ in 0..<10 {
        for socket in sockets.indices where socket.isMultiple(of: 2) { sockets[socket].socket.send("x") }
        #expect(try await ask(server.port, Self.end).hasPrefix("HTTP/1.1 200 "))
      }
      // Usually under 0.1 s; the machine may be busy.
      #expect(ContinuousClock.now - start < .seconds(10))
      dripping.cancel()
      withExtendedLifetime(sockets) {}
    }
  }
}

/// A socket that several threads use one after another.
struct Held: @unchecked Sendable {
  let socket: RawSocket
  init(_ socket: RawSocket) { self.socket = socket }
}
