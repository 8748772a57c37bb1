import Network

/// Why there is no answer, by cause.
package enum ClientError: Error, Hashable, Sendable {
  /// Not connected, or the connection was lost before the answer was complete.
  case network(NetworkError)
  /// The connection ended before the answer began.
  case closedEarly
  /// The connection ended in the middle of the answer.
  case cutOff
  /// It all took longer than it may.
  case timedOut(after: Duration)
  /// What came is not HTTP, or not the HTTP that is taken here.
  case malformed(MessageFault)
  /// The answer's body has more bytes than this.
  case tooLarge(limit: Int)
  /// The request cannot be written.
  case unwritable(MessageFault)
  /// The task was cancelled.
  case cancelled
}

extension ClientError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .network(let error): "\(error)"
    case .closedEarly: "the connection ended without an answer"
    case .cutOff: "the connection ended before the answer was whole"
    case .timedOut(let limit): "no answer within \(limit)"
    case .malformed(let fault): "the answer is not HTTP: \(fault)"
    case .tooLarge(let limit): "the answer has more than \(limit) bytes"
    case .unwritable(let fault): "the request cannot be sent: \(fault)"
    case .cancelled: "cancelled"
    }
  }
}
