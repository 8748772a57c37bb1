import Cryptography
import Foundation
import Network
import Synchronization
import TestCertificates
import TestSupport
import Testing

/// Large transfers, many connections, and too few descriptors.
@Suite(.timeLimit(.minutes(30))) struct FlowTests {
  @Test(arguments: [false, true])
  func manyBytesComeBackAsTheyWent(isSecure: Bool) async throws {
    try await withLoop { loop in
      let contexts = try Contexts(isSecure: isSecure)
      let listener = try await Listener.listen(
        on: "127.0.0.1", port: 0, options: contexts.listening, loop: loop
      ) { _ in Echo() }
      let client = try await AsyncConnection.connect(
        to: "127.0.0.1", port: listener.address.port, options: contexts.connecting,
        on: loop)
      let total = 32 << 20
      async let writing: Void = {
        var generator = SeededGenerator(seed: 7)
        var left = total
        while left > 0 {
          let piece = Self.bytes(
            min(left, Int.random(in: 1...200_000, using: &generator)), from: total - left)
          try await client.write(piece)
          left -= piece.count
        }
        client.finishWriting()
      }()
      var position = 0
      while let bytes = try await client.read() {
        guard bytes == Self.bytes(bytes.count, from: position) else {
          Issue.record("other bytes after \(position)")
          break
        }
        position += bytes.count
      }
      try await writing
      #expect(position == total)
    }
  }

  /// A byte for each position, so that lost and repeated bytes are found.
  private static func bytes(_ count: Int, from start: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count {
        buffer[index] = UInt8(truncatingIfNeeded: (start + index) &* 2_654_435_761 >> 13)
      }
      initialized = count
    }
  }

  /// Buffers stay bounded if a peer does not read.
  @Test(arguments: [false, true])
  func aPeerThatDoesNotReadStopsTheWriter(isSecure: Bool) async throws {
    try await withLoop { loop in
      let contexts = try Contexts(isSecure: isSecure)
      let waiting = Mutex(0)
      let listener = try await Listener.listen(
        on: "127.0.0.1", port: 0, options: contexts.listening, loop: loop
      ) { _ in Source { count in waiting.withLock { $0 = max($0, count) } } }
      let client = try await AsyncConnection.connect(
        to: "127.0.0.1", port: listener.address.port, options: contexts.connecting,
        on: loop)
      // Until the buffers of both sides and of the kernel are full.
      try await Task.sleep(for: .milliseconds(300))
      #expect(waiting.withLock { $0 } < Connection.highWater + 100_000)
      var count = 0
      while count < 20 << 20, let bytes = try await client.read() { count += bytes.count }
      #expect(count >= 20 << 20)
      client.close(at: .aborted)
    }
  }

  @Test func idleConnectionsDoNotKeepABystanderWaiting() async throws {
    try await withLoop { loop in
      let contexts = try Contexts(isSecure: true)
      let listener = try await Listener.listen(
        on: "127.0.0.1", port: 0, options: contexts.listening, loop: loop
      ) { _ in Echo() }
      let port = listener.address.port
      // 250 with a complete handshake and 250 without a handshake.
      var idle: [AsyncConnection] = []
      for _ in 0..<250 {
        idle.append(
          try await AsyncConnection.connect(
            to: "127.0.0.1", port: port, options: contexts.connecting, on: loop))
        idle.append(try await AsyncConnection.connect(to: "127.0.0.1", port: port, on: loop))
      }
      let start = ContinuousClock.now
      let bystander = try await AsyncConnection.connect(
        to: "127.0.0.1", port: port, options: contexts.connecting, on: loop)
      try await bystander.write([1])
      #expect(try await bystander.read() == [1])
      #expect(ContinuousClock.now - start < .seconds(2))
      for connection in idle { connection.close(at: .aborted) }
    }
  }

  /// In a separate process, because the limit of descriptors applies to the process.
  @Test func aListenerSurvivesALackOfDescriptors() async {
    await #expect(processExitsWith: .success) {
      let loop = try EventLoop()
      let reports = Log<NetworkError>()
      var options = ListenOptions()
      options.report = { reports.add($0) }
      let listener = try await Listener.listen(on: "127.0.0.1", port: 0, options: options, loop: loop) { _ in
        Echo()
      }
      // The clients have their descriptors before the limit is set; none is left for accepted connections.
      let clients = try (0..<8).map { _ in try RawSocket(listener.address, connects: false) }
      let spare = dup(0)
      close(spare)
      var limit = rlimit(rlim_cur: rlim_t(spare + 2), rlim_max: 4_096)
      guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { exit(2) }
      for client in clients { try client.connect(to: listener.address) }
      // No Task.sleep: Dispatch crashes if it gets no descriptor for its timers.
      for _ in 0..<1_000 where reports.all.isEmpty { usleep(10_000) }
      guard !reports.all.isEmpty else { exit(3) }
      guard case .system("accept a connection", _) = reports.all[0] else { exit(4) }
      limit.rlim_cur = 4_096
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      for client in clients {
        client.send("x")
        guard client.receive() == "x" else { exit(5) }
      }
      exit(0)
    }
  }

  @Test func aPausedListenerLeavesClientsWaiting() async throws {
    try await withLoop { loop in
      let listener = try await Listener.listen(on: "127.0.0.1", port: 0, loop: loop) { _ in Echo() }
      listener.pause()
      let client = try await AsyncConnection.connect(to: "127.0.0.1", port: listener.address.port, on: loop)
      try await client.write([1])
      let reading = Task { try await client.read() }
      try await Task.sleep(for: .milliseconds(100))
      listener.resume()
      #expect(try await reading.value == [1])
    }
  }
}

private struct Contexts {
  var listening = ListenOptions()
  var connecting = ConnectOptions()

  init(isSecure: Bool) throws {
    guard isSecure else { return }
    let authority = try TestAuthority()
    let server = try TLSContext.server(identity: authority.issue("server", hosts: ["127.0.0.1"]))
    listening.tls = { server }
    connecting.tls = try .client(trusting: .authorities([authority.certificate]))
  }
}

/// Writes while the connection is writable, and reports the size of the buffer.
private final class Source: ConnectionHandler {
  private let note: @Sendable (Int) -> Void
  init(_ note: @escaping @Sendable (Int) -> Void) { self.note = note }

  func opened(_ connection: Connection) { fill(connection) }
  func received(_ bytes: RawSpan, on connection: Connection) {}
  func becameWritable(_ connection: Connection) { fill(connection) }
  func closed(_ connection: Connection, because error: NetworkError?) {}

  private func fill(_ connection: Connection) {
    while connection.isWritable {
      connection.write([UInt8](repeating: 7, count: 50_000))
      note(connection.waitingCount)
    }
  }
}
