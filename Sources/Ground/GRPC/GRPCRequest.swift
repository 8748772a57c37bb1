/// What is asked of a server, for one call.
package struct GRPCRequest: Sendable {
  /// `/package.Service/Method`.
  package var path: String
  /// Headers of the caller's own. The values are kept out of HTTP/2's table of headers, because they may be secrets.
  package var metadata: [(name: String, value: String)]
  /// The timeout of the call, including the time to connect; nil for no timeout.
  package var timeout: Duration?
  /// Whether it does no harm if the server processes the call twice: after the loss of a connection it is sent once more.
  package var isRepeatable: Bool

  package init(
    path: String, metadata: [(name: String, value: String)] = [], timeout: Duration?,
    isRepeatable: Bool = false
  ) {
    self.path = path
    self.metadata = metadata
    self.timeout = timeout
    self.isRepeatable = isRepeatable
  }
}

/// The value of the header `grpc-timeout`: at most eight digits and a unit (grpc, `doc/PROTOCOL-HTTP2.md`).
enum TimeoutHeader {
  static func value(of timeout: Duration) -> String {
    let (seconds, attoseconds) = timeout.components
    guard seconds < 99_999 else { return "\(min(seconds, 99_999_999))S" }
    // Rounded up: a server must not give up before its client.
    let milliseconds = seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    return "\(max(1, milliseconds))m"
  }
}
