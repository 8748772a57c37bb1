import Cryptography
import Foundation
import Network
import Synchronization
import Testing

@testable import HTTP

/// A server that says what it was asked, and keeps a list of it.
final class TestServer: Sendable {
  private let asked = Mutex<[String]>([])
  private let made = Mutex<Server?>(nil)

  /// Those that the handler got, each with the count of bytes of its body or what was wrong with it.
  var requests: [String] { asked.withLock { $0 } }
  var port: Int { made.withLock { Int($0?.address.port ?? 0) } }
  var address: WebAddress { get throws { try #require(WebAddress("http://127.0.0.1:\(port)/")) } }
  var secure: WebAddress { get throws { try #require(WebAddress("https://127.0.0.1:\(port)/")) } }

  /// - Parameter tls: what it shows, by the file's name; nil for plain HTTP.
  static func with<Result: Sendable>(
    tls: TLSContext? = nil, _ change: (inout ServerLimits) -> Void = { _ in },
    answer: (@Sendable (Request) async -> Response)? = nil, _ body: (TestServer) async throws -> Result
  ) async throws -> Result {
    var limits = ServerLimits()
    limits.setPatience(.seconds(60))
    change(&limits)
    let itself = TestServer()
    var shown: (@Sendable () -> TLSContext)?
    if let tls { shown = { tls } }
    let server = try await Server.start(
      on: "127.0.0.1", port: 0, tls: shown, limits: limits
    ) { request in
      itself.note(request)
      return await answer?(request) ?? itself.echo(request)
    }
    itself.made.withLock { $0 = server }
    // The server's handler keeps this value, which must not keep the server.
    defer { itself.made.withLock { $0 = nil } }
    do {
      let result = try await body(itself)
      await server.stop()
      return result
    } catch {
      await server.stop()
      throw error
    }
  }

  func stop() async { await made.withLock { $0 }?.stop() }

  private func note(_ request: Request) {
    let body: String
    switch request.body {
    case .success(let bytes): body = "\(bytes.count)"
    case .failure(let fault): body = "\(fault)"
    }
    asked.withLock { $0.append("\(request.method) \(request.head.target) \(body)") }
  }

  private func echo(_ request: Request) -> Response {
    switch request.body {
    case .success(let bytes):
      Response(
        .ok,
        text:
          "\(request.method) \(request.head.target) \(String(decoding: bytes.prefix(100), as: UTF8.self))\n")
    case .failure(.tooLarge): Response(.contentTooLarge)
    case .failure(.incomplete): Response(.requestTimeout)
    }
  }
}

extension TLSContext {
  /// What test servers show.
  static func test(
    _ name: String = "server", clients: TLSClientCertificates = .unverified
  ) throws -> TLSContext {
    try .server(identity: TestPKI.shared.get().identity(name), clients: clients, protocols: ["http/1.1"])
  }
}
