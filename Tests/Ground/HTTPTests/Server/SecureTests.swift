import Cryptography
import Foundation
import Network
import Synchronization
import Testing

@testable import HTTP

/// TLS from outside: `curl`, `openssl s_client` and plain sockets.
@Suite(.timeLimit(.minutes(30))) struct SecureTests {
  private func curl(_ port: Int, _ arguments: String...) async throws -> Ended {
    let pki = try TestPKI.shared.get()
    return try await aside {
      try run(
        "curl",
        ["-sS", "--max-time", "60", "--noproxy", "*", "--cacert", pki.path("ca.crt")]
          + arguments.map { $0.replacingOccurrences(of: "URL", with: "https://127.0.0.1:\(port)") },
        in: pki.folder)
    }
  }

  @Test func curlIsServed() async throws {
    try await TestServer.with(tls: .test()) { server in
      #expect(try await curl(server.port, "URL/x?y").out == "GET /x?y \n")
      let head = try await curl(server.port, "-I", "URL/x")
      #expect(head.out.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(head.out.contains("\r\nContent-Length: 9\r\n"))
      #expect(try await curl(server.port, "--http1.0", "URL/").out == "GET / \n")
      #expect(try await curl(server.port, "-d", "hello", "URL/").out == "POST / hello\n")
      let chunked = try await curl(
        server.port, "-d", "hello", "-H", "Transfer-Encoding: chunked", "URL/")
      #expect(chunked.out == "POST / hello\n")
      let expecting = try await curl(server.port, "-d", "hello", "-H", "Expect: 100-continue", "-v", "URL/")
      #expect(expecting.out == "POST / hello\n")
      #expect(expecting.error.contains("< HTTP/1.1 100 Continue"))
      let two = try await curl(server.port, "URL/1", "URL/2", "-w", "%{num_connects}\n")
      #expect(two.out == "GET /1 \n1\nGET /2 \n0\n")
      let options = try await curl(server.port, "-X", "OPTIONS", "--request-target", "*", "URL/")
      #expect(options.out == "OPTIONS * \n")
    }
  }

  @Test func aBodyOverTheLimitIsToldWithoutBeingRead() async throws {
    try await TestServer.with(tls: .test()) { server in
      let file = try TestPKI.shared.get().path("large-\(UUID().uuidString)")
      try Data(count: 4 << 20).write(to: URL(fileURLWithPath: file))
      defer { try? FileManager.default.removeItem(atPath: file) }
      for expect in ["Expect:", "Expect: 100-continue"] {
        let answer = try await curl(
          server.port, "--data-binary", "@\(file)", "-H", expect, "-o", "/dev/null", "-w", "%{http_code}",
          "URL/")
        #expect(answer.out == "413", "\(expect): \(answer.error)")
      }
    }
  }

  @Test func theHandlerIsToldWhoTheClientIs() async throws {
    let answer: @Sendable (Request) -> Response = { request in
      Response(.ok, text: "\(request.client) \(request.certificates.first?.der.count ?? 0)\n")
    }
    let client = try #require(try TestPKI.shared.get().certificates("client").first)
    let stranger = try #require(try TestPKI.shared.get().certificates("stranger").first)
    try await TestServer.with(tls: .test(), answer: answer) { server async throws in
      #expect(try await curl(server.port, "URL/").out == "127.0.0.1 0\n")
      let known = try await curl(server.port, "--cert", "client.crt", "--key", "client.key", "URL/")
      #expect(known.out == "127.0.0.1 \(client.der.count)\n")
      // Whichever is shown is taken: what it is worth is the handler's to say.
      let other = try await curl(server.port, "--cert", "stranger.crt", "--key", "stranger.key", "URL/")
      #expect(other.out == "127.0.0.1 \(stranger.der.count)\n")
    }
    let authorities = try TestPKI.shared.get().certificates("ca")
    try await TestServer.with(tls: .test(clients: .required(authorities)), answer: answer) {
      server async throws in
      #expect(try await curl(server.port, "URL/").code != 0)
      #expect(
        try await curl(server.port, "--cert", "stranger.crt", "--key", "stranger.key", "URL/").code != 0)
      #expect(try await curl(server.port, "--cert", "client.crt", "--key", "client.key", "URL/").code == 0)
    }
  }

  @Test func whatIsNotTLSIsNotAnswered() async throws {
    try await TestServer.with(tls: .test()) { server in
      let old = try await curl(server.port, "--tlsv1.0", "--tls-max", "1.1", "URL/")
      #expect(old.code != 0)
      #expect(try await curl(server.port, "--tls-max", "1.2", "URL/").out == "GET / \n")
      for text in [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\u{5}xxxxx",
        String(repeating: "\u{0}", count: 20),
      ] {
        let port = server.port
        let (answer, ended) = try await aside {
          let socket = try RawSocket(port)
          socket.send(text)
          return (socket.receive(), socket.ends(within: 30))
        }
        #expect(!answer.contains("HTTP/"))
        #expect(ended)
      }
      #expect(server.requests == ["GET / 0"])
    }
  }

  @Test func aHandshakeThatDoesNotGetOnIsCutOff() async throws {
    try await TestServer.with(tls: .test()) {
      $0.handshake = .seconds(1)
    } _: { server in
      for text in ["", "\u{16}\u{3}\u{1}"] {
        let port = server.port
        let ended = try await aside {
          let socket = try RawSocket(port)
          socket.send(text)
          return socket.ends(within: 30)
        }
        #expect(ended)
      }
    }
  }

  @Test func anotherCertificateIsShownAndNobodyIsCutOff() async throws {
    let (first, second) = try (TLSContext.test(), TLSContext.test("second"))
    let shown = Mutex(first)
    let server = try await Server.start(
      on: "127.0.0.1", port: 0, tls: { shown.withLock { $0 } },
      handler: { Response(.ok, text: "\($0.path)") })
    let pki = try TestPKI.shared.get()
    let address = try #require(WebAddress("https://127.0.0.1:\(server.address.port)/"))
    let tls = try TLSContext.client(trusting: .authorities(pki.certificates("ca")))
    let stayed = try await ClientConnection.connect(to: address, tls: tls)
    #expect(try await stayed.peerCertificates == pki.certificates("server"))
    #expect(try await stayed.send(.get, "/1").body == Array("/1".utf8))
    shown.withLock { $0 = second }
    let next = try await ClientConnection.connect(to: address, tls: tls)
    #expect(try await next.peerCertificates == pki.certificates("second"))
    #expect(try await stayed.send(.get, "/2").body == Array("/2".utf8))
    // By another program's eyes.
    let said = try await aside { [port = server.address.port] in
      try run(
        "openssl",
        ["s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", pki.path("ca.crt"), "-verify_return_error"],
        input: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
      ).out
    }
    #expect(said.contains("subject=CN = second"))
    stayed.close()
    next.close()
    await server.stop()
  }
}
