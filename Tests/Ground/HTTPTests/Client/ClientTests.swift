import Cryptography
import Foundation
import Network
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(30))) struct ClientTests {
  private func client(
    trusting authority: String = "ca", as name: String? = nil, limit: Duration = .seconds(60)
  ) throws -> Client {
    let pki = try TestPKI.shared.get()
    var client = Client(
      tls: try .client(
        trusting: .authorities(pki.certificates(authority)), identity: try name.map(pki.identity)))
    client.limit = limit
    return client
  }

  private func failure(_ client: Client, _ address: WebAddress) async -> ClientError? {
    do throws(ClientError) {
      _ = try await client.send(.get, to: address)
      return nil
    } catch {
      return error
    }
  }

  @Test func aRequestIsAnswered() async throws {
    try await TestServer.with(tls: .test()) { server in
      var address = try server.secure
      address.target = "/v1/x?y=z"
      let client = try client()
      let got = try await client.send(.get, to: address, fields: ["X-Y": "z"])
      #expect(got.status == .ok)
      #expect(String(decoding: got.body, as: UTF8.self) == "GET /v1/x?y=z \n")
      #expect(got.fields["content-type"] == "text/plain; charset=utf-8")
      let posted = try await client.send(.post, to: address, body: .bytes(Array("hello".utf8)))
      #expect(String(decoding: posted.body, as: UTF8.self) == "POST /v1/x?y=z hello\n")
      let stream = AsyncStream<[UInt8]> { continuation in
        for word in ["he", "l", "", "lo"] { continuation.yield(Array(word.utf8)) }
        continuation.finish()
      }
      let streamed = try await client.send(.put, to: address, body: .stream(stream))
      #expect(String(decoding: streamed.body, as: UTF8.self) == "PUT /v1/x?y=z hello\n")
      let head = try await client.send(.head, to: address)
      #expect(head.body.isEmpty && head.fields["content-length"] == "16")
    }
  }

  @Test func aConnectionServesManyRequests() async throws {
    try await TestServer.with(tls: .test()) { server in
      let connection = try await ClientConnection.connect(
        to: server.secure, tls: try client().tls)
      for number in 0..<100 {
        let answer = try await connection.send(.post, "/\(number)", body: .bytes([0x78]))
        #expect(String(decoding: answer.body, as: UTF8.self) == "POST /\(number) x\n")
      }
      #expect(await connection.isOpen)
      _ = try await connection.send(.get, "/", fields: ["Connection": "close"])
      #expect(await !connection.isOpen)
      await #expect(throws: ClientError.network(.closed)) { try await connection.send(.get, "/") }
    }
  }

  /// The rest of the body is not sent, and what would be left of it is not taken for the next request.
  @Test func anAnswerBeforeTheEndOfTheBodyEndsTheConnection() async throws {
    try await TestServer.with {
      $0.message.body = 1_000
    } _: { server in
      let connection = try await ClientConnection.connect(to: server.address)
      let pieces = AsyncStream<[UInt8]> {
        try? await Task.sleep(for: .milliseconds(5))
        return Task.isCancelled ? nil : [UInt8](repeating: 0x78, count: 100)
      }
      let answer = try await connection.send(.post, "/", body: .stream(pieces))
      #expect(answer.status == .contentTooLarge)
      #expect(await !connection.isOpen)
      let large = try await Client().send(
        .post, to: server.address, body: .bytes([UInt8](repeating: 0x78, count: 8 << 20)))
      #expect(large.status == .contentTooLarge)
    }
  }

  @Test func aServerThatCannotBeBelievedGetsNothing() async throws {
    try await TestServer.with(tls: .test()) { server in
      let address = try server.secure
      guard case .network(.tls(.unknownAuthority)) = await failure(try client(trusting: "other"), address)
      else {
        Issue.record("another cause")
        return
      }
      #expect(server.requests.isEmpty)
      let plain = try server.address
      #expect(await failure(Client(), plain) != nil)
    }
    try await TestServer.with(tls: .test("elsewhere")) { server in
      let error = await failure(try client(), try server.secure)
      #expect(error == .network(.tls(.wrongName(expected: "127.0.0.1", found: ["elsewhere.example"]))))
      #expect(server.requests.isEmpty)
    }
    try await TestServer.with { server in
      guard case .network(.tls(.notTLS)) = await failure(try client(), try server.secure) else {
        Issue.record("another cause")
        return
      }
    }
  }

  @Test func aServerMayWantACertificate() async throws {
    let authorities = try TestPKI.shared.get().certificates("ca")
    try await TestServer.with(tls: .test(clients: .required(authorities))) { server in
      #expect(await failure(try client(as: "client"), try server.secure) == nil)
      #expect(
        await failure(try client(), try server.secure)
          == .network(.tls(.certificateRefused(.certificateRequired))))
      let stranger = await failure(try client(as: "stranger"), try server.secure)
      #expect(stranger == .network(.tls(.certificateRefused(.unknownAuthority))))
    }
  }

  @Test func noServerIsToldByCause() async throws {
    let closed = try #require(WebAddress("http://127.0.0.1:1/"))
    let refused = await failure(Client(), closed)
    #expect(refused == .network(.refused(try #require(Address("127.0.0.1", port: 1)))))
    let nowhere = try #require(WebAddress("http://no-such-host.invalid/"))
    guard case .network(.nameUnknown("no-such-host.invalid", _)) = await failure(Client(), nowhere) else {
      Issue.record("another cause")
      return
    }
  }

  @Test func anAnswerIsNotWaitedForTooLong() async throws {
    try await TestServer.with {
      $0.farewell = .milliseconds(100)
    } answer: { _ in
      try? await Task.sleep(for: .seconds(600))
      return Response(.ok)
    } _: { server in
      var client = Client()
      client.limit = .seconds(1)
      #expect(await failure(client, try server.address) == .timedOut(after: .seconds(1)))
      let patient = Client()
      let address = try server.address
      let task = Task { await failure(patient, address) }
      try await Task.sleep(for: .milliseconds(200))
      task.cancel()
      #expect(await task.value == .cancelled)
    }
  }

  /// What a server may answer by mistake or on purpose, sent as it stands.
  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi"),
    ("HTTP/1.0 200 OK\r\n\r\nto the end", "to the end"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nrubbish", "hi"),
    ("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", ""),
    ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", "cutOff"), ("", "closedEarly"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nhi", "tooLarge(limit: 1048576)"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", "malformed"),
    ("SSH-2.0-OpenSSH_9.2\r\n", "malformed"), ("<html>", "closedEarly"),
  ]) func theAnswerIsReadStrictly(answer: String, result: String) async throws {
    let listener = try ScriptedServer(answer)
    let address = try #require(WebAddress("http://127.0.0.1:\(listener.port)/"))
    do throws(ClientError) {
      #expect(String(decoding: try await Client().send(.get, to: address).body, as: UTF8.self) == result)
    } catch {
      #expect(Self.name(error).hasPrefix(result), "\(error)")
    }
  }

  private static func name(_ error: ClientError) -> String {
    switch error {
    case .closedEarly: "closedEarly"
    case .cutOff: "cutOff"
    case .tooLarge(let limit): "tooLarge(limit: \(limit))"
    case .malformed: "malformed"
    default: "\(error)"
    }
  }

  @Test func whatCannotBeWrittenIsNotSent() async throws {
    try await TestServer.with { server in
      let address = try server.address
      await #expect(throws: ClientError.self) {
        try await Client().send(.get, to: address, fields: ["X": "a\r\nY: b"])
      }
      #expect(server.requests.isEmpty)
    }
  }

  /// A real server that is not ours.
  @Test func opensslsServerIsAsked() async throws {
    let pki = try TestPKI.shared.get()
    let port = Int.random(in: 20_000..<32_000)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.currentDirectoryURL = URL(fileURLWithPath: pki.folder)
    process.arguments = [
      "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-cert", "server.crt", "-key", "server.key",
      "-www", "-quiet",
    ]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    defer { process.terminate() }
    let address = try #require(WebAddress("https://127.0.0.1:\(port)/"))
    for _ in 0..<100 {
      if let answer = try? await client().send(.get, to: address) {
        #expect(String(decoding: answer.body, as: UTF8.self).contains("s_server"))
        return
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    Issue.record("no answer of openssl s_server")
  }
}
