import Cryptography
import Network
import TestCertificates
import Testing

@testable import GRPC

@Suite("Calls over real connections")
struct RealConnectionTests {
  private func with(
    _ manner: RealServer.Manner, tls: Bool = false,
    _ body: (GRPCChannel, RealServer) async throws -> Void
  ) async throws {
    let loop = try EventLoop()
    var security = GRPCChannel.Security.plain
    var context: TLSContext?
    if tls {
      let authority = try TestAuthority()
      context = try .server(identity: try authority.issue("server", hosts: ["127.0.0.1"]), protocols: ["h2"])
      let client = try TLSContext.client(trusting: .authorities([authority.certificate]), protocols: ["h2"])
      security = .tls { client }
    }
    let server = try await RealServer(manner, tls: context, on: loop)
    defer { server.listener.close() }
    let channel = GRPCChannel(to: "127.0.0.1", port: server.port, security: security, on: loop)
    do { try await body(channel, server) } catch {
      channel.close()
      await loop.stop()
      throw error
    }
    channel.close()
    await loop.stop()
  }

  private static func request(
    _ timeout: Duration? = .seconds(60), isRepeatable: Bool = false
  ) -> GRPCRequest {
    GRPCRequest(
      path: "/test.Echo/Say", metadata: [("token", "secret")], timeout: timeout, isRepeatable: isRepeatable)
  }

  /// Makes calls that are told from each other.
  private func callAll(_ channel: GRPCChannel, width: Int, each: Int, size: Int) async throws -> Int {
    try await withThrowingTaskGroup(of: Int.self) { group in
      for caller in 0..<width {
        group.addTask {
          var wrong = 0
          for number in 0..<each {
            var message = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size)
            message.replaceSubrange(0..<min(size, 2), with: [UInt8(caller), UInt8(number)].prefix(size))
            if try await channel.call(Self.request(), message: message) != message { wrong += 1 }
          }
          return wrong
        }
      }
      return try await group.reduce(0, +)
    }
  }

  @Test("plain or with TLS, each gets its own answer", arguments: [false, true])
  func answered(tls: Bool) async throws {
    try await with(.answer, tls: tls) { channel, _ in
      for size in [0, 1, 49, 10_000, 300_000] {
        let wrong = try await callAll(channel, width: 64, each: size > 1_000 ? 3 : 40, size: size)
        #expect(wrong == 0)
      }
    }
  }

  @Test("a server that says goodbye again and again loses no call", arguments: [false, true])
  func goodbyes(tls: Bool) async throws {
    try await with(.goodbye(after: 20), tls: tls) { channel, _ in
      // One at a time: each goodbye leaves out the one call that is on its way.
      let wrong = try await callAll(channel, width: 1, each: 200, size: 49)
      #expect(wrong == 0)
    }
  }

  @Test("a server that drops connections leaves calls in doubt, and the next connection serves")
  func drops() async throws {
    try await with(.drop(after: 10)) { channel, _ in
      var (answers, doubts) = (0, 0)
      for _ in 0..<60 {
        do throws(GRPCError) {
          _ = try await channel.call(Self.request(), message: [1])
          answers += 1
        } catch {
          #expect(error.status == .unavailable && error.processing == .maybe)
          doubts += 1
        }
      }
      #expect(answers > 40 && doubts > 2, "\(answers) \(doubts)")
    }
  }

  @Test(
    "a connection that died without a word is replaced within the time of a call", arguments: [false, true])
  func died(tls: Bool) async throws {
    try await with(.dies(after: 3), tls: tls) { channel, server in
      for number in 1...6 as ClosedRange<UInt8> {
        let answer = try await channel.call(Self.request(.seconds(12), isRepeatable: true), message: [number])
        #expect(answer == [number])
      }
      #expect(server.connections == 2)
    }
  }

  @Test("a call ends at its deadline, at its cancellation, and when the channel is closed")
  func ends() async throws {
    try await with(.silent) { channel, _ in
      let late = await #expect(throws: GRPCError.self) {
        try await channel.call(Self.request(.milliseconds(100)), message: [1])
      }
      #expect(late?.status == .deadlineExceeded && late?.processing == .maybe)
      let cancelled = Task { try await channel.call(Self.request(), message: [1]) }
      try await Task.sleep(for: .milliseconds(20))
      cancelled.cancel()
      let error = await #expect(throws: GRPCError.self) { try await cancelled.value }
      #expect(error?.status == .cancelled)
      // Before it begins.
      let early = Task {
        try? await Task.sleep(for: .seconds(10))
        return try await channel.call(Self.request(), message: [1])
      }
      early.cancel()
      let earlyError = await #expect(throws: GRPCError.self) { try await early.value }
      #expect(earlyError?.status == .cancelled && earlyError?.processing == .surelyNot)
      let open = Task { try await channel.call(Self.request(), message: [1]) }
      try await Task.sleep(for: .milliseconds(20))
      channel.close()
      let closed = await #expect(throws: GRPCError.self) { try await open.value }
      #expect(closed?.message == "the client is closed")
      let after = await #expect(throws: GRPCError.self) {
        try await channel.call(Self.request(), message: [1])
      }
      #expect(after?.processing == .surelyNot)
    }
  }

  @Test("many tasks that are cancelled at any moment all end", arguments: [false, true])
  func cancellations(tls: Bool) async throws {
    try await with(.answer, tls: tls) { channel, _ in
      await withTaskGroup(of: Void.self) { group in
        for number in 0..<400 {
          group.addTask {
            let call = Task {
              try await channel.call(Self.request(), message: [UInt8](repeating: 1, count: 100))
            }
            try? await Task.sleep(for: .microseconds(number * 7 % 3_000))
            call.cancel()
            let result = await call.result
            if case .failure(let error as GRPCError) = result { #expect(error.status == .cancelled) }
          }
        }
      }
      let wrong = try await callAll(channel, width: 4, each: 4, size: 49)
      #expect(wrong == 0)
    }
  }

  @Test("a stream says back what is sent, in order, beside calls", arguments: [false, true])
  func streams(tls: Bool) async throws {
    try await with(.answer, tls: tls) { channel, _ in
      let stream = channel.stream(Self.request())
      let others = Task { try await callAll(channel, width: 8, each: 20, size: 49) }
      for number in 0..<100 { stream.send([UInt8](repeating: UInt8(number), count: 50_000)) }
      stream.finishSending()
      var number = 0
      while let message = try await stream.next() {
        #expect(message == [UInt8](repeating: UInt8(number), count: 50_000))
        number += 1
      }
      #expect(number == 100)
      let wrong = try await others.value
      let end = try await stream.next()
      #expect(wrong == 0 && end == nil)
    }
  }

  @Test("a first message that is larger than the window comes through, though the connection did not stand")
  func largeFirstMessage() async throws {
    try await with(.answer) { channel, _ in
      let stream = channel.stream(Self.request())
      let message = [UInt8](repeating: 5, count: 3 << 20)
      stream.send(message)
      let answer = try await stream.next()
      #expect(answer == message)
      stream.cancel()
    }
  }

  @Test("a server without HTTP/2 is told from one that does not speak TLS")
  func otherServers() async throws {
    let loop = try EventLoop()
    let authority = try TestAuthority()
    let identity = try authority.issue("server", hosts: ["127.0.0.1"])
    let client = try TLSContext.client(trusting: .authorities([authority.certificate]), protocols: ["h2"])
    for (context, words) in [
      (try TLSContext.server(identity: identity), "the server speaks TLS but not HTTP/2"),
      (nil, "does not speak TLS"),
    ] {
      let server = try await RealServer(.answer, tls: context, on: loop)
      let channel = GRPCChannel(to: "127.0.0.1", port: server.port, security: .tls { client }, on: loop)
      let error = await #expect(throws: GRPCError.self) {
        try await channel.call(Self.request(.seconds(10)), message: [1])
      }
      #expect(
        error?.message.contains(words) == true && error?.processing == .surelyNot,
        "\(String(describing: error))")
      channel.close()
    }
    await loop.stop()
  }
}
