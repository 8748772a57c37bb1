import Enrolment
import FoundationEssentials
import HTTP
import Text

/// Routes requests.
struct FrontDoor: Sendable {
  let desk: EnrolmentDesk
  let limits: AuthoritySettings.Limits
  let isReady: @Sendable () -> Bool
  let metrics: @Sendable () async -> String

  func respond(to request: Request) async -> Response {
    switch (request.method, request.path) {
    case (.post, EnrolmentRequest.path), (.post, EnrolmentRequest.renewalPath):
      return await desk.answer(Visit(request)) { () throws(Refusal) in try body(of: request) }
    case (.get, "/live"), (.head, "/live"): return Response(.ok, text: "alive\n")
    case (.get, "/ready"), (.head, "/ready"):
      return isReady()
        ? Response(.ok, text: "ready\n") : Response(.serviceUnavailable, text: "not ready\n")
    case (.get, "/metrics"), (.head, "/metrics"):
      return Response(.ok, text: await metrics(), type: PrometheusText.mediaType)
    default: return Refusal(.notFound, "there is nothing at this path").response
    }
  }

  /// The body, if it is whole.
  private func body(of request: Request) throws(Refusal) -> [UInt8] {
    switch request.body {
    case .success(let body): return body
    case .failure(.tooLarge):
      throw Refusal(.contentTooLarge, "the request has more than \(limits.bodySize) bytes")
    case .failure(.incomplete), .failure(.malformed):
      throw Refusal(.requestTimeout, "the request did not arrive in time or whole")
    }
  }
}

extension Response {
  init(json: some Encodable, status: Status = .ok) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let bytes = (try? encoder.encode(json)) ?? Data()
    self.init(
      status, fields: ["Content-Type": "application/json", "Cache-Control": "no-store"], body: Array(bytes))
  }
}
