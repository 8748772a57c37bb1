import Certificates
import Foundation
import Glibc
import HTTP
import Testing

@testable import AuthorityServer

/// Limits that protect other clients from one client.
@Suite(.timeLimit(.minutes(30))) struct LimitTests {
  @Test func aTokenBucketRefillsAtItsRate() {
    let start = ContinuousClock.now
    var bucket = TokenBucket(rate: 2, size: 3, now: start)
    for _ in 0..<3 { #expect(bucket.take(now: start) == nil) }
    #expect(bucket.take(now: start) == 0.5)
    #expect(bucket.take(now: start + .milliseconds(500)) == nil)
    #expect(bucket.take(now: start + .milliseconds(500)) == 0.5)
    // A long pause fills the bucket and no more, and a clock that steps back does no harm.
    for _ in 0..<3 { #expect(bucket.take(now: start + .seconds(3_600)) == nil) }
    #expect(bucket.take(now: start) == 0.5)
  }

  @Test func oneClientOverItsLimitDoesNotUseUpTheTotal() throws {
    var limits = AuthoritySettings.Limits()
    limits.ratePerClient = 1
    limits.rate = 10
    let now = ContinuousClock.now
    let limit = RateLimit(limits, now: now)
    for _ in 0..<10 { try limit.admit("10.0.0.1", now: now) }
    for _ in 0..<1_000 { #expect(throws: Refusal.self) { try limit.admit("10.0.0.1", now: now) } }
    for client in 2...11 { try limit.admit("10.0.0.\(client)", now: now) }
    let refusal = #expect(throws: Refusal.self) { try limit.admit("10.0.0.12", now: now) }
    #expect(refusal?.status == .tooManyRequests)
    #expect(refusal?.retryAfter == 1)
  }

  @Test func tooManyRequestsGetARetryAfter() async throws {
    let authority = try TestAuthority()
    let answers = try await authority.serving {
      $0.limits.ratePerClient = 0.1
    } _: { server in
      [
        try await server.enrol("calico-node.node-1", with: nil),
        try await server.enrol("calico-node.node-1", with: nil),
      ]
    }
    #expect(answers.map(\.status) == [401, 429])
    let wait = try #require(answers[1].headers["retry-after"].flatMap { Int($0) })
    #expect((1...10).contains(wait))
    let sum = try #require(try authority.auditEntries().first { $0.count != nil })
    #expect(sum.reason == "refusals with status 429 that are not listed")
    #expect(sum.count == 1)
  }

  @Test func aTooLargeBodyIsNotReadToItsEnd() async throws {
    let authority = try TestAuthority()
    try await authority.serving {
      // Enough for a handshake on a busy machine, which has to be in time as well.
      $0.limits.patience = .seconds(10)
    } _: { server async throws in
      let large = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
      let status = try? await server.send("/v1/enroll", body: .bytes(large)).status
      // The client may still write when the connection is closed.
      #expect(status == 413 || status == nil)
      #expect(try await server.send("/live", method: "GET").status == 200)
    }
    #expect(try authority.auditEntries().first?.reason?.contains("32768 bytes") == true)
  }

  /// Each path bounds the time of a body, also those that do not use it.
  @Test func aSlowBodyIsCutOff() async throws {
    let authority = try TestAuthority()
    try await authority.serving {
      // Enough for a handshake on a busy machine, which has to be in time as well.
      $0.limits.patience = .seconds(10)
    } _: { server in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for path in ["/v1/enroll", "/v1/renew", "/live", "/ready", "/metrics", "/v1/crl", "/none"] {
          group.addTask {
            let drops = AsyncStream<[UInt8]> {
              try? await Task.sleep(for: .milliseconds(100))
              return Task.isCancelled ? nil : [UInt8(ascii: " ")]
            }
            do {
              let answer = try await server.send(
                path, method: path.hasPrefix("/v1/e") || path.hasPrefix("/v1/r") ? "POST" : "GET",
                body: .stream(drops))
              // A path that does not use the body answers as ever, at the latest when its time is up.
              if path.hasPrefix("/v1/e") || path.hasPrefix("/v1/r") { #expect(answer.status == 408) }
            } catch let error as ClientError {
              // The client itself waits for a minute.
              if case .timedOut = error { Issue.record("the body for \(path) is not bounded") }
            }
          }
        }
        try await group.waitForAll()
      }
    }
    let reasons = try authority.auditEntries().map(\.reason)
    #expect(reasons.allSatisfy { $0 == "the request did not arrive in time or whole" } && !reasons.isEmpty)
  }

  @Test(arguments: ["", "\u{16}\u{3}\u{1}", "GET / HTTP/1.1\r\n"])
  func anIdleConnectionIsClosed(beginning: String) async throws {
    let authority = try TestAuthority()
    let wasClosed = try await authority.serving {
      $0.limits.patience = .seconds(1)
    } _: { server in
      try await aside {
        let descriptor = try connected(to: server.port)
        defer { close(descriptor) }
        _ = Array(beginning.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        return isClosed(descriptor, within: 60)
      }
    }
    #expect(wasClosed)
  }

  @Test func oneAddressCannotHoldAllConnections() async throws {
    let authority = try TestAuthority()
    let closed = try await authority.serving {
      $0.limits.patience = .seconds(300)
      $0.limits.connectionsPerClient = 3
    } _: { server in
      try await aside {
        let connections = try (0..<4).map { _ in try connected(to: server.port) }
        defer { for connection in connections { close(connection) } }
        // The server's threads decide which one is the fourth.
        for _ in 0..<60 {
          let closed = connections.count { isClosed($0, within: 1) }
          if closed > 0 { return closed }
        }
        return 0
      }
    }
    #expect(closed == 1)
    // The server still accepts connections, and a closed connection frees its place.
    let status = try await authority.serving {
      $0.limits.connectionsPerClient = 1
    } _: { server in
      _ = try await server.send("/live", method: "GET")
      // The place is free once the server has seen the end of the connection.
      var status = 0
      _ = try await eventually {
        status = try await server.send("/live", method: "GET").status
        return status == 200
      }
      return status
    }
    #expect(status == 200)
    #expect(ConnectionLimit.room(for: 10) == 10)
  }
}

/// Connections from many addresses: 127.0.0.0/8 is all loopback, so one machine can be many clients.
@Suite struct ConnectionFloodTests {
  /// Others hold as many connections as the server takes, and a client that was never seen is served.
  @Test func aFloodFromSeveralAddressesDoesNotKeepOthersOut() async throws {
    let authority = try TestAuthority()
    let token = try authority.token()
    try await authority.serving {
      $0.limits.patience = .seconds(300)
      $0.limits.connections = 40
      $0.limits.connectionsPerClient = 10
      $0.limits.reserve = 0
    } _: { server in
      let flood = try await aside {
        try (0..<60).map { try connected(to: server.port, from: UInt8(2 + $0 / 10)) }
      }
      defer { for connection in flood { close(connection) } }
      let answer = try await server.enrol("calico-node.node-1", with: token.secretText)
      #expect(answer.status == 200, "\(answer.body)")
      let metrics = try await server.send("/metrics", method: "GET").body
      #expect(!metrics.contains("{limit=\"displaced\"} 0\n"))
      #expect(metrics.contains("\nbulkhead_authority_connections "))
    }
  }

  /// Each address of a flood has one connection, so none has more than the client has.
  @Test func connectionsAreReservedForClientsThatGotACertificate() async throws {
    let authority = try TestAuthority()
    let token = try authority.token()
    try await authority.serving {
      $0.limits.patience = .seconds(300)
      $0.limits.connections = 20
      $0.limits.reserve = 5
    } _: { server in
      let identity = try await server.identity("calico-node.node-1", with: token)
      let flood = try await aside { try (0..<40).map { try connected(to: server.port, from: UInt8(2 + $0)) } }
      defer { for connection in flood { close(connection) } }
      #expect(try await server.renew("calico-node.node-1", as: identity).status == 200)
      let closed = try await aside { flood.count { isClosed($0, within: 1) } }
      #expect((25...30).contains(closed), "15 of 40 stay")
    }
  }

  @Test func addressesOfANetworkAreCountedTogether() throws {
    var limits = AuthoritySettings.Limits()
    limits.ratePerClient = 1
    let now = ContinuousClock.now
    let limit = RateLimit(limits, now: now)
    func admits(_ client: String, _ network: String) -> Bool {
      (try? limit.admit(client, network: network, now: now)) != nil
    }
    let admitted = (0..<1_000).count { admits("2001:db8::\($0)", "2001:db8::/64") }
    #expect(admitted == 160)
    #expect(admits("2001:db8:1::1", "2001:db8:1::/64"))
  }
}

/// Whether the other side closes a connection, after all data from it is read.
private func isClosed(_ descriptor: Int32, within seconds: Int) -> Bool {
  var wait = timeval(tv_sec: seconds, tv_usec: 0)
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
  var bytes = [UInt8](repeating: 0, count: 512)
  while true {
    let count = read(descriptor, &bytes, bytes.count)
    if count <= 0 { return count == 0 || errno == ECONNRESET }
  }
}

/// - Parameter number: The last byte of the client's address, 127.0.0.N.
private func connected(to port: Int, from number: UInt8 = 1) throws -> Int32 {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  var own = sockaddr_in()
  own.sin_family = sa_family_t(AF_INET)
  own.sin_addr.s_addr = (UInt32(0x7f00_0000) | UInt32(number)).bigEndian
  let bound = withUnsafePointer(to: &own) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  guard bound == 0 else { throw Unexpected() }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = UInt16(port).bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  let result = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  guard result == 0 else { throw Unexpected() }
  return descriptor
}

/// Runs in its own thread: the server needs the few threads for tasks.
private func aside<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread { continuation.resume(with: Result { try body() }) }.start()
  }
}
