import Cryptography
import Network

/// Asks servers, with a connection for each request.
///
/// It uses no proxy, follows no redirects and does not retry: a request is sent at most once, and the answer comes from
/// the server at the address.
///
///     let client = Client(tls: try .client(trusting: .authorities(authorities)))
///     let answer = try await client.send(.get, to: address)
package struct Client: Sendable {
  /// How requests over TLS are sent; nil where all are plain.
  package var tls: TLSContext?
  /// The name or address that the server's certificate must have; nil for the host of the address.
  package var tlsName: String?
  /// For finding the host and connecting to it.
  package var connectLimit = Duration.seconds(10)
  /// For everything from the call to the end of the answer.
  package var limit = Duration.seconds(30)
  /// How large answers may be.
  package var message = MessageLimits(body: 1 << 20)

  package init(tls: TLSContext? = nil) { self.tls = tls }

  /// Sends a request and gives the whole answer, whatever its status.
  /// - Parameters:
  ///   - fields: beside `Host`, `Connection` and those that say how long the body is.
  /// - Throws: ``ClientError``.
  package func send(
    _ method: Method, to address: WebAddress, fields: Fields = [:], body: RequestBody = .none
  ) async throws(ClientError) -> Response {
    let start = ContinuousClock.now
    let connection = try await ClientConnection.connect(
      to: address, tls: tls, tlsName: tlsName, connectLimit: min(connectLimit, limit), limits: message)
    defer { connection.close() }
    var fields = fields
    fields.append("Connection", "close")
    let rest = max(limit - (ContinuousClock.now - start), .zero)
    do {
      return try await connection.send(method, address.target, fields: fields, body: body, limit: rest)
    } catch .timedOut {
      throw .timedOut(after: limit)
    }
  }
}
