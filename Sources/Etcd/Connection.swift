import Cryptography
import GRPC
import Names
import Protobuf
import Synchronization

/// One HTTP/2 connection to one member.
struct Connection: Sendable {
  let endpoint: Endpoint
  let channel: GRPCChannel

  /// - Throws: ``EtcdError`` if a file of the credentials cannot be used.
  init(endpoint: Endpoint, credentials: ClientCredentials) throws(EtcdError) {
    self.endpoint = endpoint
    // The first connection uses the context that was read for this check. Later ones read the files again, so
    // that a renewed certificate is used.
    let first = FirstContext(
      try credentials.tlsContext(protocols: ["h2"], operation: "connect", endpoint: endpoint))
    channel = GRPCChannel(
      to: endpoint.host, port: UInt16(endpoint.port),
      security: .tls { () throws(GRPCError) in
        if let context = first.take() { return context }
        do throws(CredentialsFault) {
          return try credentials.tlsContext(protocols: ["h2"])
        } catch {
          throw GRPCError(
            .unauthenticated, credentials.words(of: error), processing: .surelyNot, isAboutCredentials: true)
        }
      }, serverName: credentials.serverName, on: try MemberLoop.get())
  }

  /// Calls a method and waits for its response.
  /// - Parameter repeatable: Whether the call may be sent once more if the connection is lost.
  func call<Request, Response>(
    _ method: Method<Request, Response>, _ request: Request, operation: String, repeatable: Bool,
    timeout: Duration, token: String?
  ) async throws(EtcdError) -> Response {
    do throws(GRPCError) {
      let response = try await channel.call(
        self.request(method.path, repeatable: repeatable, timeout: timeout, token: token),
        message: request.protobuf)
      return try Response(answer: response)
    } catch {
      throw EtcdError(error, operation: operation, endpoint: endpoint.description)
    }
  }

  /// Calls a method with messages in both directions: sends one request, and receives responses until `take`
  /// returns a result. The sending side stays open, because etcd ends the stream with it.
  /// - Parameters:
  ///   - isOnly: Whether the sending side is closed after the request, as for a call that takes one request.
  ///   - take: Returns nil to wait for another response.
  func stream<Request, Response, Result: Sendable>(
    _ method: Method<Request, Response>, _ request: Request, isOnly: Bool = false, operation: String,
    timeout: Duration, token: String?, _ take: (Response) throws(GRPCError) -> Result?
  ) async throws(EtcdError) -> Result {
    let stream = channel.stream(
      self.request(method.path, repeatable: false, timeout: timeout, token: token))
    defer { stream.cancel() }
    do throws(GRPCError) {
      stream.send(request.protobuf)
      if isOnly { stream.finishSending() }
      while let message = try await stream.next() {
        if let result = try take(Response(answer: message)) { return result }
      }
      throw GRPCError(.unavailable, "the stream ended without an answer", processing: .maybe)
    } catch {
      throw EtcdError(error, operation: operation, endpoint: endpoint.description)
    }
  }

  private func request(
    _ path: String, repeatable: Bool, timeout: Duration, token: String?
  ) -> GRPCRequest {
    GRPCRequest(
      path: path, metadata: token.map { [("token", $0)] } ?? [], timeout: timeout, isRepeatable: repeatable)
  }
}

/// A TLS context that is used once.
private final class FirstContext: Sendable {
  private let context: Mutex<TLSContext?>

  init(_ context: TLSContext) { self.context = Mutex(context) }

  func take() -> TLSContext? { context.withLock { $0.take() } }
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
