import Cryptography
import Foundation
import Network
import TestCertificates
import Testing

/// The client against `openssl s_server` and against servers that do not use TLS.
@Suite(.timeLimit(.minutes(30))) struct TLSClientTests {
  let authority: TestAuthority
  let identity: TLSIdentity

  init() throws {
    authority = try TestAuthority()
    identity = try authority.issue("server", hosts: ["localhost", "127.0.0.1", "::1"])
  }

  private func options(trusting authorities: [Certificate]? = nil, as client: TLSIdentity? = nil) throws
    -> ConnectOptions
  {
    var options = ConnectOptions(
      tls: try .client(trusting: .authorities(authorities ?? [authority.certificate]), identity: client))
    options.handshakeLimit = .seconds(5)
    return options
  }

  private func failure(_ options: ConnectOptions, host: String = "127.0.0.1", port: UInt16) async throws
    -> NetworkError?
  {
    let loop = try EventLoop()
    var failure: NetworkError?
    do throws(NetworkError) {
      let client = try await AsyncConnection.connect(to: host, port: port, options: options, on: loop)
      // In TLS 1.3 the alert arrives after the client's handshake is complete.
      try await client.write(Array("x\n".utf8))
      _ = try await client.read()
    } catch { failure = error }
    await loop.stop()
    return failure
  }

  @Test(
    arguments: [("127.0.0.1", "127.0.0.1"), ("[::1]", "::1"), ("127.0.0.1", "localhost")],
    ["-tls1_3", "-tls1_2"])
  func aServerOfOpenSSLAnswers(hosts: (String, String), version: String) async throws {
    let server = try await OpenSSLServer(identity, on: hosts.0, [version])
    defer { server.program.stop() }
    try await withLoop { loop in
      let client = try await AsyncConnection.connect(
        to: hosts.1, port: server.port, options: try options(), on: loop)
      try await client.write(Array("hello\n".utf8))
      #expect(try await client.read() == Array("olleh\n".utf8))
      #expect(try await client.ask { $0.tlsVersion } == (version == "-tls1_3" ? "TLSv1.3" : "TLSv1.2"))
      #expect(
        try await client.ask { (connection) throws(NetworkError) in try connection.peerCertificates() }
          == identity.chain)
      client.close()
    }
  }

  @Test func faultsOfTheServersCertificateAreTold() async throws {
    let named = try await OpenSSLServer(try authority.issue("named", hosts: ["etcd.example"]))
    defer { named.program.stop() }
    #expect(
      try await failure(options(), port: named.port)
        == .tls(.wrongName(expected: "127.0.0.1", found: ["etcd.example"])))
    let old = try authority.issue("old", hosts: ["127.0.0.1"], ending: -10)
    let expired = try await OpenSSLServer(old)
    defer { expired.program.stop() }
    #expect(
      try await failure(options(), port: expired.port)
        == .tls(.expired(subject: "CN=old", notAfter: old.chain[0].notAfter)))
    let good = try await OpenSSLServer(identity)
    defer { good.program.stop() }
    let unknown = try await failure(
      options(trusting: [try TestAuthority("other").certificate]), port: good.port)
    guard case .tls(.unknownAuthority(issuer: "CN=test-ca", _)) = unknown else {
      Issue.record("\(String(describing: unknown))")
      return
    }
  }

  @Test(arguments: ["-tls1_3", "-tls1_2"])
  func aClientsCertificateIsRefusedWithTheReason(version: String) async throws {
    let server = try await OpenSSLServer(
      identity, authority: authority.certificate, ["-Verify", "1", "-verify_return_error", version])
    defer { server.program.stop() }
    #expect(
      try await failure(options(), port: server.port)
        == .tls(
          version == "-tls1_3"
            ? .certificateRefused(.certificateRequired) : .refused(.handshakeFailure)))
    let stranger = try TestAuthority("stranger").issue("bob")
    #expect(
      try await failure(options(as: stranger), port: server.port)
        == .tls(.certificateRefused(.unknownAuthority)))
    let old = try authority.issue("old", ending: -10)
    #expect(
      try await failure(options(as: old), port: server.port) == .tls(.certificateRefused(.certificateExpired))
    )
  }

  @Test func anOldVersionIsRefused() async throws {
    let server = try await OpenSSLServer(identity, ["-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"])
    defer { server.program.stop() }
    #expect(try await failure(options(), port: server.port) == .tls(.protocolVersion))
  }

  @Test func aServerOfPlainHTTPIsTold() async throws {
    try await withLoop { loop in
      let listener = try await Listener.listen(on: "127.0.0.1", port: 0, loop: loop) { _ in PlainHTTP() }
      #expect(
        try await failure(options(), port: listener.address.port)
          == .tls(.notTLS("HTTP/1.1 400 Bad Request")))
    }
  }

  @Test func aServerThatClosesInTheHandshakeIsTold() async throws {
    let listener = try RawListener()
    let closing = Thread {
      let socket = listener.accept()
      _ = socket.receive()
    }
    closing.start()
    #expect(try await failure(options(), port: listener.port) == .tls(.closedInHandshake))
  }

  @Test func aServerThatSaysNothingIsGivenUp() async throws {
    let server = try await OpenSSLServer(identity)
    defer { server.program.stop() }
    server.program.signal(SIGSTOP)
    var options = try options()
    options.handshakeLimit = .milliseconds(300)
    #expect(
      try await failure(options, port: server.port) == .timedOut(.handshake, after: .milliseconds(300)))
  }

  @Test func aServerThatIsKilledIsTold() async throws {
    let server = try await OpenSSLServer(identity)
    try await withLoop { loop in
      let client = try await AsyncConnection.connect(
        to: "127.0.0.1", port: server.port, options: try options(), on: loop)
      server.program.stop()
      await #expect(throws: NetworkError.self) { _ = try await client.readToEnd() }
    }
  }
}

private final class PlainHTTP: ConnectionHandler {
  func opened(_ connection: Connection) {}
  func received(_ bytes: RawSpan, on connection: Connection) {
    connection.write(Array("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".utf8))
    connection.close()
  }
  func closed(_ connection: Connection, because error: NetworkError?) {}
}
