import Foundation
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(30))) struct StopTests {
  @Test func requestsInFlightAreAnsweredAndNothingElse() async throws {
    let late: @Sendable (Request) async -> Response = { _ in
      try? await Task.sleep(for: .milliseconds(500))
      return Response(.ok, text: "late")
    }
    try await TestServer.with(answer: late) { server in
      let port = server.port
      async let answer = aside {
        let socket = try RawSocket(port)
        socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        return socket.receive()
      }
      async let idle = aside { try RawSocket(port).ends(within: 30) }
      while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
      await server.stop()
      #expect(try await answer.hasSuffix("\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlate"))
      #expect(try await idle)
      #expect(throws: (any Error).self) { try RawSocket(port) }
    }
  }

  @Test func aHandlerThatDoesNotEndHoldsUpTheStopForAWhile() async throws {
    try await TestServer.with {
      $0.farewell = .seconds(1)
    } answer: { _ in
      try? await Task.sleep(for: .seconds(600))
      return Response(.ok)
    } _: { server in
      let port = server.port
      async let answer = aside {
        let socket = try RawSocket(port)
        socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        return socket.receive()
      }
      while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
      let start = ContinuousClock.now
      await server.stop()
      #expect(ContinuousClock.now - start < .seconds(30))
      #expect(try await answer == "")
    }
  }
}
