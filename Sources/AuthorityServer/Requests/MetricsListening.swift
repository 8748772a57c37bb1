import HTTP
import Log
import Names
import Network
import Services
import Text

/// The metrics on an address of their own, in plain HTTP: for a loopback or a management network. They say how many
/// nodes there are and when they renew, which clients of the enrolment port need not know.
struct MetricsListening: Service {
  let listen: ListenAddress
  let metrics: @Sendable () async -> String
  let logger: Logger
  var onStart: @Sendable (Int) async -> Void = { _ in }

  /// A scraper needs a few connections.
  private static var limits: ServerLimits {
    var limits = ServerLimits()
    (limits.connections, limits.connectionsPerClient) = (64, 64)
    limits.message.body = 4 << 10
    limits.farewell = .seconds(5)
    return limits
  }

  /// - Throws: ``AuthorityServerError`` if it cannot listen on the address.
  func run() async throws {
    let server = try await start()
    logger.notice("metrics at http://\(listen.text(port: Int(server.address.port)))/metrics")
    await onStart(Int(server.address.port))
    do {
      try await gracefulShutdown()
      await server.stop()
    } catch {
      await server.stop(within: .zero)
    }
  }

  private func start() async throws(AuthorityServerError) -> Server {
    do throws(NetworkError) {
      return try await Server.start(on: listen.host, port: UInt16(listen.port), limits: Self.limits) {
        [metrics] request in
        guard [.get, .head].contains(request.method), request.path == "/metrics" else {
          return Response(.notFound)
        }
        return Response(.ok, text: await metrics(), type: PrometheusText.mediaType)
      }
    } catch {
      throw AuthorityServerError(
        "cannot listen on \(listen): \(error.listenReason)",
        hint: "choose another address or port with --metrics-listen")
    }
  }
}
