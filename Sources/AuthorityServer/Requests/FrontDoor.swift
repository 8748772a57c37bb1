import Enrolment
import Foundation
import Hummingbird
import NIOCore

/// Routes requests, after it has applied the limits of size and time.
struct FrontDoor: HTTPResponder {
  let desk: EnrolmentDesk
  let limits: AuthoritySettings.Limits
  let isReady: @Sendable () -> Bool
  let metrics: @Sendable () async -> String

  func respond(to request: Request, context: ServerContext) async throws -> Response {
    switch (request.method, request.uri.path) {
    case (.post, EnrolmentRequest.path), (.post, EnrolmentRequest.renewalPath):
      return await desk.answer(
        Visit(request, client: context.client, certificate: { try await context.clientCertificate })
      ) { try await body(of: request, context) }
    case (.get, "/live"): return Response(text: "alive\n")
    case (.get, "/ready"):
      return isReady()
        ? Response(text: "ready\n") : Response(text: "not ready\n", status: .serviceUnavailable)
    case (.get, "/metrics"): return Response(text: await metrics(), type: "text/plain; version=0.0.4")
    default:
      // The unread rest of a request keeps its connection open, so it is closed soon.
      closeLater(context.channel)
      return Refusal(.notFound, "there is nothing at this path").response
    }
  }

  /// Reads the body. The connection is closed if the body is late or too large.
  private func body(of request: Request, _ context: ServerContext) async throws -> ByteBuffer {
    let end = closeLater(context.channel)
    do {
      let body = try await request.body.collect(upTo: limits.bodySize)
      end.cancel()
      return body
    } catch is NIOTooManyBytesError {
      throw Refusal(.contentTooLarge, "the request has more than \(limits.bodySize) bytes")
    } catch {
      throw Refusal(.requestTimeout, "the request did not arrive in time or whole")
    }
  }

  @discardableResult
  private func closeLater(_ channel: any Channel) -> Scheduled<Void> {
    channel.eventLoop.scheduleTask(in: TimeAmount(limits.patience)) { channel.close(promise: nil) }
  }
}

extension Response {
  init(text: String, type: String = "text/plain; charset=utf-8", status: HTTPResponse.Status = .ok) {
    self.init(
      status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  init(json: some Encodable, status: HTTPResponse.Status = .ok) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let bytes = (try? encoder.encode(json)) ?? Data()
    self.init(
      status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
