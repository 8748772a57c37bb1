import Enrolment
import FoundationEssentials
import HTTP
import Text

/// Routes requests.
struct RequestRouter: Sendable {
  let desk: EnrolmentDesk
  let signer: any Signer
  let rateLimit: RateLimit
  let limits: AuthoritySettings.Limits
  let isReady: @Sendable () async -> Bool
  /// Nil if the metrics are on an address of their own.
  let metrics: (@Sendable () async -> String)?

  func respond(to request: Request) async -> Response {
    switch (request.method, request.path) {
    case (.post, EnrolmentRequest.path), (.post, EnrolmentRequest.renewalPath):
      return await desk.answer(RequestContext(request)) { () throws(Refusal) in try body(of: request) }
    case (.get, EnrolmentRequest.revocationListPath), (.head, EnrolmentRequest.revocationListPath):
      do throws(Refusal) {
        try rateLimit.admit(request.client, network: request.network)
      } catch {
        return error.response
      }
      return await list(known: request.fields["if-none-match"])
    case (.get, EnrolmentRequest.authorityPath), (.head, EnrolmentRequest.authorityPath):
      do {
        try rateLimit.admit(request.client, network: request.network)
        return Response(.ok, text: try await signer.state().trusted, type: "application/x-pem-file")
      } catch let refusal as Refusal {
        return refusal.response
      } catch {
        return Refusal(error).response
      }
    case (.get, "/live"), (.head, "/live"): return Response(.ok, text: "alive\n")
    case (.get, "/ready"), (.head, "/ready"):
      return await isReady()
        ? Response(.ok, text: "ready\n") : Response(.serviceUnavailable, text: "not ready\n")
    case (.get, "/metrics"), (.head, "/metrics"):
      guard let metrics else { return Refusal(.notFound, "unknown path").response }
      return Response(.ok, text: await metrics(), type: PrometheusText.mediaType)
    default: return Refusal(.notFound, "unknown path").response
    }
  }

  /// The revocation list.
  /// - Parameter known: the `If-None-Match` of the request (RFC 9110, section 13.1.2).
  private func list(known: String?) async -> Response {
    do {
      switch try await signer.revocationList(known: known) {
      case .none:
        return Refusal(.notFound, "there is no revocation list", hint: "'bulkhead certs crl' writes one")
          .response
      case .same: return Response(Status(304), fields: ["ETag": known ?? "", "Cache-Control": "no-cache"])
      case .list(let bytes, let tag):
        return Response(
          .ok, fields: ["ETag": tag, "Cache-Control": "no-cache", "Content-Type": "application/pkix-crl"],
          body: bytes)
      }
    } catch {
      return Refusal(error).response
    }
  }

  /// The body, if it is whole.
  private func body(of request: Request) throws(Refusal) -> [UInt8] {
    switch request.body {
    case .success(let body): return body
    case .failure(.tooLarge):
      throw Refusal(.contentTooLarge, "the request has more than \(limits.bodySize) bytes")
    case .failure(.incomplete):
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
