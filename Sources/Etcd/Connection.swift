import Endpoints
import GRPC
import Protobuf

/// One HTTP/2 connection to one member.
struct Connection: Sendable {
  let endpoint: Endpoint
  let channel: GRPCChannel

  /// Calls a method and waits for its response.
  func call<Request, Response>(
    _ method: Method<Request, Response>, _ request: Request, operation: String, timeout: Duration,
    token: String?
  ) async throws(EtcdError) -> Response {
    do throws(GRPCError) {
      let response = try await channel.call(
        self.request(method.path, timeout: timeout, token: token), message: request.protobuf)
      return try Response(answer: response)
    } catch {
      throw EtcdError(error, operation: operation, endpoint: endpoint.description)
    }
  }

  /// Calls a method with messages in both directions: sends one, and takes responses until one of them says enough.
  /// The request's side stays open, because etcd ends a stream with it.
  /// - Parameter take: nil where another response has to be waited for.
  func stream<Request, Response, Result: Sendable>(
    _ method: Method<Request, Response>, _ request: Request, operation: String, timeout: Duration,
    token: String?, _ take: (Response) throws(GRPCError) -> Result?
  ) async throws(EtcdError) -> Result {
    let stream = channel.stream(self.request(method.path, timeout: timeout, token: token))
    defer { stream.cancel() }
    do throws(GRPCError) {
      stream.send(request.protobuf)
      while let message = try await stream.next() {
        if let result = try take(Response(answer: message)) { return result }
      }
      throw GRPCError(.unavailable, "the stream ended without an answer", processing: .maybe)
    } catch {
      throw EtcdError(error, operation: operation, endpoint: endpoint.description)
    }
  }

  private func request(_ path: String, timeout: Duration, token: String?) -> GRPCRequest {
    GRPCRequest(path: path, metadata: token.map { [("token", $0)] } ?? [], timeout: timeout)
  }
}

extension ProtobufReadable {
  fileprivate init(answer: [UInt8]) throws(GRPCError) {
    do throws(ProtobufError) {
      try self.init(protobuf: answer)
    } catch {
      throw GRPCError(.internal, "the answer is not understood: \(error)", processing: .answered)
    }
  }
}
