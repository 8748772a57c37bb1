import Certificates
import Cryptography
import HTTP
import Network

/// A TLS server on 127.0.0.1 that stops after the test.
enum LoopbackServer {
  /// - Parameters:
  ///   - answer: an error of it becomes status 500.
  ///   - body: Runs while the server runs; gets its port.
  static func run<Result: Sendable>(
    tls: TLSContext, answer: @escaping @Sendable (Request) async throws -> Response,
    _ body: (Int) async throws -> Result
  ) async throws -> Result {
    var limits = ServerLimits()
    limits.message.body = 1 << 20
    limits.setPatience(.seconds(60))
    limits.farewell = .zero
    let server = try await Server.start(
      on: "127.0.0.1", port: 0, tls: { tls }, limits: limits,
      handler: { request in (try? await answer(request)) ?? Response(.internalServerError) })
    do {
      let result = try await body(Int(server.address.port))
      await server.stop()
      return result
    } catch {
      await server.stop()
      throw error
    }
  }

  /// - Parameter clients: The authority of accepted client certificates; nil to request none.
  static func tls(_ own: Credential, clients: Authority? = nil) throws -> TLSContext {
    try .server(
      identity: own.tlsIdentity,
      clients: clients.map { .optional(try Certificate.all(pem: Array($0.certificatePEM.utf8))) }
        ?? .notRequested,
      protocols: ["http/1.1"])
  }
}
