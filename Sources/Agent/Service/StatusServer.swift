import FoundationEssentials
import HTTP
import Names
import Network
import Services
import Text

/// What a ``StatusServer`` answers.
package struct StatusAnswers: Sendable {
  let isLive: @Sendable () -> Bool
  let unready: @Sendable () -> String?
  let metrics: @Sendable () -> String

  /// - Parameters:
  ///   - isLive: False if the program does not do its work any more.
  ///   - unready: Why it is not ready, in lines; nil if it is.
  ///   - metrics: In Prometheus' text format.
  package init(
    isLive: @escaping @Sendable () -> Bool, unready: @escaping @Sendable () -> String?,
    metrics: @escaping @Sendable () -> String
  ) {
    self.isLive = isLive
    self.unready = unready
    self.metrics = metrics
  }

  func response(to request: Request) -> Response {
    var response = response(request.method, request.path)
    response.fields.append("Server", "bulkhead")
    return response
  }

  private func response(_ method: Method, _ path: String) -> Response {
    // Slashes around the name do not matter.
    switch (method, path.split(separator: "/")) {
    case (.get, ["live"]), (.head, ["live"]):
      isLive() ? Response(.ok, text: "live\n") : Response(.serviceUnavailable, text: "stuck\n")
    case (.get, ["ready"]), (.head, ["ready"]):
      unready().map { Response(.serviceUnavailable, text: $0) } ?? Response(.ok, text: "ready\n")
    case (.get, ["metrics"]), (.head, ["metrics"]):
      Response(.ok, text: metrics(), type: PrometheusText.mediaType)
    default: Response(.notFound)
    }
  }
}

/// `/live`, `/ready` and `/metrics`.
package struct StatusServer: Service {
  private let answers: StatusAnswers
  private let listen: ListenAddress
  private let started: @Sendable (_ port: UInt16) -> Void

  /// - Parameter started: Called with the port when it listens.
  package init(
    _ answers: StatusAnswers, listen: ListenAddress,
    started: @escaping @Sendable (_ port: UInt16) -> Void = { _ in }
  ) {
    self.answers = answers
    self.listen = listen
    self.started = started
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
  package func run() async throws {
    let server = try await start()
    started(server.address.port)
    do {
      try await gracefulShutdown()
      await server.stop()
    } catch {
      await server.stop(within: .zero)
    }
  }

  private func start() async throws(ListenFailure) -> Server {
    let answers = answers
    do throws(NetworkError) {
      return try await Server.start(on: listen.host, port: UInt16(listen.port), limits: Self.limits) {
        answers.response(to: $0)
      }
    } catch {
      throw ListenFailure(listen, error)
    }
  }
}

extension AgentStatus {
  /// What the agent's server answers.
  /// - Parameter started: When the agent started.
  func answers(started: Date) -> StatusAnswers {
    StatusAnswers(
      isLive: { self.isLive(started: started, now: Date()) },
      unready: {
        guard let unready = self.unready(now: Date()) else { return "starting\n" }
        guard !unready.isEmpty else { return nil }
        return unready.map {
          $0.kind == .certificate
            ? "no usable certificate for \($0.identity)\n" : "no usable revocation list\n"
        }.joined()
      },
      metrics: { self.metrics(now: Date()) })
  }
}

/// Why a ``StatusServer`` cannot listen.
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
