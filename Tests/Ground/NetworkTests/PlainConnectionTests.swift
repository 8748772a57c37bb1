import Foundation
import Network
import Testing

@Suite(.timeLimit(.minutes(30))) struct PlainConnectionTests {
  @Test(arguments: ["127.0.0.1", "::1", "localhost"])
  func aServerSaysBackWhatAClientSays(host: String) async throws {
    try await withLoop { loop in
      let listener = try await Listener.listen(on: host, port: 0, loop: loop) { _ in Echo() }
      let client = try await AsyncConnection.connect(to: host, port: listener.address.port, on: loop)
      try await client.write(Array("hello".utf8))
      #expect(try await client.read() == Array("hello".utf8))
      client.finishWriting()
      #expect(try await client.read() == nil)
      client.close()
      listener.close()
    }
  }

  /// A dual-stack socket reports an IPv4 client by its IPv4 address.
  @Test func clientsAreKnownByTheirAddress() async throws {
    try await withLoop { loop in
      let peers = Log<String>()
      let listener = try await Listener.listen(on: "::", port: 0, loop: loop) { connection in
        peers.add(connection.peer?.host ?? "")
        return Echo()
      }
      for host in ["127.0.0.1", "::1"] {
        let client = try await AsyncConnection.connect(to: host, port: listener.address.port, on: loop)
        try await client.write([1])
        _ = try await client.read()
        client.close()
      }
      #expect(peers.all == ["127.0.0.1", "::1"])
    }
  }

  @Test func aPortWithoutAServerRefuses() async throws {
    try await withLoop { loop in
      let address = try await unusedAddress(loop)
      await #expect(throws: NetworkError.refused(address)) {
        _ = try await AsyncConnection.connect(to: address.host, port: address.port, on: loop)
      }
    }
  }

  /// The addresses of a name are tried in turn: `localhost` has ::1 and 127.0.0.1 here.
  @Test func aServerOnOneAddressOfANameIsFound() async throws {
    try await withLoop { loop in
      let listener = try await Listener.listen(on: "127.0.0.1", port: 0, loop: loop) { _ in Echo() }
      let client = try await AsyncConnection.connect(to: "localhost", port: listener.address.port, on: loop)
      client.close()
    }
  }

  @Test func anUnknownNameIsTold() async throws {
    try await withLoop { loop in
      let error = await #expect(throws: NetworkError.self) {
        _ = try await AsyncConnection.connect(to: "no-such-host.invalid", port: 1, on: loop)
      }
      guard case .nameUnknown("no-such-host.invalid", _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  /// A listener with a full backlog does not answer further clients.
  @Test func aConnectionThatIsNotMadeInTimeIsTold() async throws {
    try await withLoop { loop in
      var options = ListenOptions()
      options.backlog = 0
      let listener = try await Listener.listen(on: "127.0.0.1", port: 0, options: options, loop: loop) { _ in
        Echo()
      }
      listener.pause()
      _ = try await loop.run { () throws(NetworkError) in true }
      var connect = ConnectOptions()
      connect.connectLimit = .milliseconds(300)
      let limited = connect
      var failures: [NetworkError] = []
      for _ in 0..<4 {
        do throws(NetworkError) {
          _ = try await AsyncConnection.connect(
            to: "127.0.0.1", port: listener.address.port, options: limited, on: loop)
        } catch { failures.append(error) }
      }
      #expect(failures.last == .timedOut(.connecting, after: .milliseconds(300)))
    }
  }

  @Test func anAddressInUseIsTold() async throws {
    try await withLoop { loop in
      let first = try await Listener.listen(on: "127.0.0.1", port: 0, loop: loop) { _ in nil }
      await #expect(throws: NetworkError.addressInUse(first.address)) {
        _ = try await Listener.listen(on: "127.0.0.1", port: first.address.port, loop: loop) { _ in nil }
      }
    }
  }

  @Test func aResetIsTold() async throws {
    try await withLoop { loop in
      let closed = Log<NetworkError?>()
      let listener = try await Listener.listen(on: "127.0.0.1", port: 0, loop: loop) { _ in
        Echo { closed.add($0) }
      }
      let raw = try RawSocket(listener.address)
      raw.send("x")
      _ = raw.receive()
      raw.reset()
      let isTold = try await loop.eventually { closed.all == [.reset] }
      #expect(isTold)
    }
  }

  /// Writing after a reset must not end the program with SIGPIPE.
  @Test func writingToAPeerThatIsGoneFails() async throws {
    try await withLoop { loop in
      let raw = try RawListener()
      let client = try await AsyncConnection.connect(to: "127.0.0.1", port: raw.port, on: loop)
      raw.accept().reset()
      await #expect(throws: NetworkError.self) {
        for _ in 0..<100 {
          try await client.write([UInt8](repeating: 0, count: 100_000))
        }
      }
    }
  }

  /// The client receives an early answer although it is still sending when the server closes.
  @Test func anAnswerBeforeTheEndOfTheRequestArrives() async throws {
    try await withLoop { loop in
      let listener = try await Listener.listen(on: "127.0.0.1", port: 0, loop: loop) { _ in EarlyAnswer() }
      let raw = try RawSocket(listener.address)
      for _ in 0..<10 { raw.send(String(repeating: "x", count: 10_000)) }
      #expect(raw.receive() == "too long")
      #expect(raw.receive() == "")
    }
  }

  @Test func aCancelledReadLosesNothing() async throws {
    try await withLoop { loop in
      let listener = try await Listener.listen(on: "127.0.0.1", port: 0, loop: loop) { _ in Echo() }
      let client = try await AsyncConnection.connect(to: "127.0.0.1", port: listener.address.port, on: loop)
      for _ in 0..<50 {
        let reading = Task { try await client.read() }
        reading.cancel()
        await #expect(throws: NetworkError.cancelled) { _ = try await reading.value }
      }
      try await client.write([1, 2, 3])
      #expect(try await client.read(exactly: 3) == [1, 2, 3])
    }
  }

  @Test func aCancelledConnectIsOver() async throws {
    try await withLoop { loop in
      let connecting = Task {
        // An address for documentation (RFC 5737): no answer, or unreachable.
        _ = try await AsyncConnection.connect(to: "192.0.2.1", port: 1, on: loop)
      }
      connecting.cancel()
      await #expect(throws: NetworkError.cancelled) { try await connecting.value }
    }
  }

  @Test func whoWaitsIsToldThatTheLoopStops() async throws {
    let loop = try EventLoop()
    let listener = try await Listener.listen(on: "127.0.0.1", port: 0, loop: loop) { _ in Echo() }
    let client = try await AsyncConnection.connect(to: "127.0.0.1", port: listener.address.port, on: loop)
    let reading = Task { try await client.read() }
    _ = try await loop.run { () throws(NetworkError) in true }
    await loop.stop()
    await #expect(throws: NetworkError.loopStopped) { _ = try await reading.value }
    await #expect(throws: NetworkError.loopStopped) { try await client.write([1]) }
    await loop.stop()
  }

  /// The loop does not wait for its socket any more, but knows it.
  @Test func aConnectionThatHungUpWhileReadingIsPausedIsToldThatTheLoopStops() async throws {
    let loop = try EventLoop()
    let closed = Log<NetworkError?>()
    let listener = try await Listener.listen(on: "127.0.0.1", port: 0, loop: loop) { _ in
      Deaf { closed.add($0) }
    }
    do {
      let raw = try RawSocket(listener.address)
      #expect(raw.receive() == "bye")
      #expect(raw.receive() == "")
    }
    // Both directions are closed now; some turns, in which the loop learns of it.
    for _ in 0..<20 {
      _ = try await loop.run { () throws(NetworkError) in true }
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(closed.all.isEmpty)
    await loop.stop()
    #expect(closed.all == [.loopStopped])
  }
}

/// Says a word, sends no more, and reads nothing.
private final class Deaf: ConnectionHandler {
  private let note: @Sendable (NetworkError?) -> Void

  init(closed note: @escaping @Sendable (NetworkError?) -> Void) { self.note = note }

  func opened(_ connection: Connection) {
    connection.pauseReading()
    connection.write(Array("bye".utf8))
    connection.finishWriting()
  }
  func received(_ bytes: RawSpan, on connection: Connection) {}
  func closed(_ connection: Connection, because error: NetworkError?) { note(error) }
}

/// Answers the first bytes and closes.
private final class EarlyAnswer: ConnectionHandler {
  func opened(_ connection: Connection) {}
  func received(_ bytes: RawSpan, on connection: Connection) {
    connection.write(Array("too long".utf8))
    connection.close()
  }
  func closed(_ connection: Connection, because error: NetworkError?) {}
}
