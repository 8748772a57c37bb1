import Cryptography

/// A request as a server's handler gets it.
package struct Request: Sendable {
  package let head: RequestHead
  /// All of the body, or why it is not whole.
  package let body: Result<[UInt8], BodyFault>
  /// The client's address without its port.
  package let client: String
  /// The /64 network of an IPv6 client; nil for an IPv4 client.
  package let network: String?
  /// The certificate that the client showed over TLS and those that it sent with it; empty without one. Whether it was
  /// checked is the TLS context's matter.
  package let certificates: [Certificate]
  /// When its first byte came.
  package let began: ContinuousClock.Instant
  /// Ends the connection without an answer, whatever the handler returns.
  package let drop: @Sendable () -> Void

  package var method: Method { head.method }
  /// The target without its query.
  package var path: String { String(head.path) }
  package var fields: Fields { head.fields }
}
