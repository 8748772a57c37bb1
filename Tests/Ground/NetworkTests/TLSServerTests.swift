import Cryptography
import Foundation
import Network
import Synchronization
import TestCertificates
import TestSupport
import Testing

/// The server against `openssl s_client`, `curl` and raw sockets.
@Suite(.timeLimit(.minutes(30))) struct TLSServerTests {
  let authority: TestAuthority
  let folder: TemporaryFolder

  init() throws {
    authority = try TestAuthority()
    folder = try TemporaryFolder()
    try authority.certificate.pem().write(toFile: "\(folder.path)/ca", atomically: false, encoding: .utf8)
  }

  private func identity(_ name: String = "server") throws -> TLSIdentity {
    try authority.issue(name, hosts: ["localhost", "127.0.0.1"])
  }

  private func listen(
    _ context: TLSContext, on loop: EventLoop,
    _ handler: @escaping @Sendable () -> any ConnectionHandler = { Echo() }
  ) async throws -> Listener {
    try await Listener.listen(on: "127.0.0.1", port: 0, options: ListenOptions(tls: { context }), loop: loop)
    { _ in
      handler()
    }
  }

  /// Runs `openssl s_client` without input.
  /// - Parameter quits: true if it ends after the handshake, false if it waits for the server to close.
  private func client(_ port: UInt16, _ options: [String] = [], quits: Bool = true) async throws -> String {
    let input = Pipe()
    let program = try RunningProgram(
      [
        "openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", "\(folder.path)/ca",
        "-verify_return_error",
      ]
        + options, input: quits ? nil : input)
    defer { try? input.fileHandleForWriting.close() }
    return try await program.finish()
  }

  @Test(arguments: ["-tls1_3", "-tls1_2"])
  func aClientOfOpenSSLIsServed(version: String) async throws {
    try await withLoop { loop in
      let listener = try await listen(try .server(identity: identity(), protocols: ["http/1.1"]), on: loop)
      let output = try await client(
        listener.address.port, [version, "-verify_ip", "127.0.0.1", "-alpn", "h2,http/1.1"])
      #expect(output.contains("ALPN protocol: http/1.1"))
      #expect(output.contains("Verify return code: 0 (ok)"))
    }
  }

  @Test(arguments: ["-tls1_1", "-tls1"])
  func anOldVersionIsRefused(version: String) async throws {
    try await withLoop { loop in
      let closed = Log<NetworkError?>()
      let listener = try await listen(try .server(identity: identity()), on: loop) { Echo { closed.add($0) } }
      let output = try await client(listener.address.port, [version, "-cipher", "DEFAULT:@SECLEVEL=0"])
      #expect(output.contains("alert protocol version"))
      let isTold = try await loop.eventually { closed.all == [.tls(.protocolVersion)] }
      #expect(isTold)
    }
  }

  @Test func curlIsServedOnOneConnection() async throws {
    try await withLoop { loop in
      let context = try TLSContext.server(identity: identity())
      let listener = try await listen(context, on: loop) { Hello() }
      let url = "https://localhost:\(listener.address.port)/"
      let program = try RunningProgram(
        [
          "curl", "-sS", "--noproxy", "*", "--cacert", "\(folder.path)/ca", "-w", "%{num_connects} ", url,
          url, url,
        ])
      let output = try await program.finish()
      #expect(output == "hello 1 hello 0 hello 0 ")
    }
  }

  @Test func plainHTTPIsToldAndAnsweredByAnAlert() async throws {
    try await withLoop { loop in
      let closed = Log<NetworkError?>()
      let listener = try await listen(try .server(identity: identity()), on: loop) { Echo { closed.add($0) } }
      let raw = try RawSocket(listener.address)
      raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      _ = raw.receive()
      #expect(raw.receive() == "")
      let isTold = try await loop.eventually { closed.all == [.tls(.notTLS("GET / HTTP/1.1"))] }
      #expect(isTold)
    }
  }

  @Test func aClientThatSaysNothingIsGivenUp() async throws {
    try await withLoop { loop in
      let closed = Log<NetworkError?>()
      let context = try TLSContext.server(identity: identity())
      var options = ListenOptions(tls: { context })
      options.handshakeLimit = .milliseconds(200)
      let listener = try await Listener.listen(on: "127.0.0.1", port: 0, options: options, loop: loop) { _ in
        Echo { closed.add($0) }
      }
      let raw = try RawSocket(listener.address)
      #expect(raw.receive() == "")
      _ = raw
      let isTold = try await loop.eventually {
        closed.all == [.timedOut(.handshake, after: .milliseconds(200))]
      }
      #expect(isTold)
    }
  }

  @Test func clientsHearWhyTheyAreRefused() async throws {
    try await withLoop { loop in
      let closed = Log<NetworkError?>()
      let context = try TLSContext.server(identity: identity(), clients: .required([authority.certificate]))
      let listener = try await listen(context, on: loop) { Echo { closed.add($0) } }
      let without = try await client(listener.address.port, quits: false)
      #expect(without.contains("alert certificate required") || without.contains("alert number 116"))
      let stranger = try TestAuthority("stranger").issue("bob")
      try stranger.write(certificate: "\(folder.path)/bob.crt", key: "\(folder.path)/bob.key")
      let unknown = try await client(
        listener.address.port, ["-cert", "\(folder.path)/bob.crt", "-key", "\(folder.path)/bob.key"],
        quits: false)
      #expect(unknown.contains("alert unknown ca"))
      let areTold = try await loop.eventually { closed.all.count == 2 }
      #expect(areTold)
      #expect(closed.all.first == .tls(.noClientCertificate))
      guard case .tls(.unknownAuthority(issuer: "CN=stranger", _)) = closed.all.last ?? nil else {
        Issue.record("\(closed.all)")
        return
      }
    }
  }

  /// The next connection gets the new certificate; an open one continues.
  @Test func aNewCertificateInterruptsNoConnection() async throws {
    try await withLoop { loop in
      let (first, second) = (try identity("first"), try identity("second"))
      let current = Current(try .server(identity: first))
      let listener = try await Listener.listen(
        on: "127.0.0.1", port: 0, options: ListenOptions(tls: { current.context.withLock { $0 } }), loop: loop
      ) { _ in Echo() }
      let options = ConnectOptions(tls: try .client(trusting: .authorities([authority.certificate])))
      let old = try await AsyncConnection.connect(
        to: "localhost", port: listener.address.port, options: options, on: loop)
      let replacement = try TLSContext.server(identity: second)
      current.context.withLock { $0 = replacement }
      let new = try await AsyncConnection.connect(
        to: "localhost", port: listener.address.port, options: options, on: loop)
      for (connection, identity) in [(old, first), (new, second)] {
        try await connection.write([1])
        #expect(try await connection.read() == [1])
        #expect(
          try await connection.ask { (connection) throws(NetworkError) in try connection.peerCertificates() }
            == identity.chain)
        connection.close()
      }
    }
  }
}

private final class Current: Sendable {
  let context: Mutex<TLSContext>
  init(_ context: TLSContext) { self.context = Mutex(context) }
}

/// Enough of HTTP for curl.
private final class Hello: ConnectionHandler {
  func opened(_ connection: Connection) {}
  func received(_ bytes: RawSpan, on connection: Connection) {
    connection.write(Array("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello ".utf8))
  }
  func closed(_ connection: Connection, because error: NetworkError?) {}
}
