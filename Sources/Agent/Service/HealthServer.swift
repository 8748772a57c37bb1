import Foundation
import Hummingbird
import Logging

/// `/live`, `/ready` and `/metrics`.
enum HealthServer {
  static func application(_ board: Board, listen: AgentConfiguration.ListenAddress)
    -> some ApplicationProtocol
  {
    Application(
      router: router(board, started: Date()),
      configuration: ApplicationConfiguration(
        address: .hostname(listen.host, port: listen.port), serverName: "bulkhead"),
      logger: Logger(label: "http") { _ in SwiftLogNoOpLogHandler() })
  }

  static func router(_ board: Board, started: Date) -> Router<BasicRequestContext> {
    let router = Router()
    router.get("live") { _, _ in
      board.isLive(started: started, now: Date()) ? text("live\n") : text("stuck\n", .serviceUnavailable)
    }
    router.get("ready") { _, _ in
      guard let unready = board.unready(now: Date()) else { return text("starting\n", .serviceUnavailable) }
      guard !unready.isEmpty else { return text("ready\n") }
      let names = unready.map { "no usable certificate for \($0.identity)\n" }.joined()
      return text(names, .serviceUnavailable)
    }
    router.get("metrics") { _, _ in
      text(board.metrics(now: Date()), type: "text/plain; version=0.0.4; charset=utf-8")
    }
    return router
  }

  private static func text(
    _ text: String, _ status: HTTPResponse.Status = .ok, type: String = "text/plain; charset=utf-8"
  ) -> Response {
    Response(
      status: status, headers: [.contentType: type],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
