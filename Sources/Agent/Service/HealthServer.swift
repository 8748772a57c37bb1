import FoundationEssentials
import HTTP
import Names
import Network
import Services
import Text

/// `/live`, `/ready` and `/metrics`.
struct HealthServer: Service {
  private let board: AgentStatus
  private let listen: ListenAddress

  init(_ board: AgentStatus, listen: ListenAddress) {
    self.board = board
    self.listen = listen
  }

  /// The limits: probes and a scraper need a few connections.
  private static var limits: ServerLimits {
    var limits = ServerLimits()
    (limits.connections, limits.connectionsPerClient) = (256, 256)
    limits.message.body = 4 << 10
    limits.farewell = .seconds(5)
    return limits
  }

  /// Serves until the service is asked to stop.
  /// - Throws: ``ListenFailure``.
  func run() async throws {
    let server = try await start()
    do {
      try await gracefulShutdown()
      await server.stop()
    } catch {
      await server.stop(within: .zero)
    }
  }

  private func start() async throws(ListenFailure) -> Server {
    let (board, started) = (board, Date())
    do throws(NetworkError) {
      return try await Server.start(on: listen.host, port: UInt16(listen.port), limits: Self.limits) {
        Self.answer($0, board, started: started)
      }
    } catch {
      throw ListenFailure(listen, error)
    }
  }

  static func answer(_ request: Request, _ board: AgentStatus, started: Date) -> Response {
    var response = answer(request.method, request.path, board, started: started)
    response.fields.append("Server", "bulkhead")
    return response
  }

  private static func answer(_ method: Method, _ path: String, _ board: AgentStatus, started: Date)
    -> Response
  {
    // Slashes around the name do not matter.
    switch (method, path.split(separator: "/")) {
    case (.get, ["live"]), (.head, ["live"]):
      return board.isLive(started: started, now: Date())
        ? Response(.ok, text: "live\n") : Response(.serviceUnavailable, text: "stuck\n")
    case (.get, ["ready"]), (.head, ["ready"]):
      guard let unready = board.unready(now: Date()) else {
        return Response(.serviceUnavailable, text: "starting\n")
      }
      guard !unready.isEmpty else { return Response(.ok, text: "ready\n") }
      let names = unready.map {
        $0.kind == .certificate
          ? "no usable certificate for \($0.identity)\n" : "no usable revocation list\n"
      }.joined()
      return Response(.serviceUnavailable, text: names)
    case (.get, ["metrics"]), (.head, ["metrics"]):
      return Response(.ok, text: board.metrics(now: Date()), type: PrometheusText.mediaType)
    default: return Response(.notFound)
    }
  }
}

/// Why the agent's HTTP server cannot listen.
struct ListenFailure: Error, CustomStringConvertible {
  private let listen: ListenAddress
  private let cause: NetworkError

  init(_ listen: ListenAddress, _ cause: NetworkError) {
    self.listen = listen
    self.cause = cause
  }

  var description: String {
    "cannot listen on \(listen): \(cause.listenReason)"
  }
}
