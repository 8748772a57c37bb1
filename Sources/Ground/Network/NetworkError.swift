import Cryptography

/// Why a connection could not be made or has ended, by cause.
package enum NetworkError: Error, Hashable, Sendable {
  /// The name has no address; `reason` is the resolver's message.
  case nameUnknown(String, reason: String)
  /// No program listens on the port of this host.
  case refused(Address)
  /// The system cannot reach the address; `reason` is its message.
  case unreachable(Address, reason: String)
  /// A phase exceeded its limit.
  case timedOut(Phase, after: Duration)
  /// All addresses of a name failed: one error each, in the order in which they were tried.
  case allAddressesFailed([NetworkError])
  case tls(TLSError)
  /// The peer reset the connection.
  case reset
  /// The peer finished sending although more was expected.
  case ended
  /// Another socket listens on the address.
  case addressInUse(Address)
  /// The system refuses to listen on the address; `reason` is its message.
  case cannotListen(Address, reason: String)
  /// The connection was closed on this side.
  case closed
  /// The task that waited was cancelled.
  case cancelled
  /// The event loop has stopped.
  case loopStopped
  /// Another system call failed; `reason` is the system's message, such as "too many open files".
  case system(operation: String, reason: String)

  package enum Phase: String, Hashable, Sendable {
    /// Name resolution and TCP connect.
    case connecting
    case handshake
    case reading
    case writing
  }
}

extension NetworkError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .nameUnknown(let name, let reason): "the name '\(name)' has no address: \(reason)"
    case .refused(let address): "connection refused by \(address)"
    case .unreachable(let address, let reason): "cannot reach \(address): \(reason)"
    case .timedOut(.connecting, let limit): "no connection within \(limit)"
    case .timedOut(.handshake, let limit): "no TLS handshake within \(limit)"
    case .timedOut(.reading, let limit): "nothing was received within \(limit)"
    case .timedOut(.writing, let limit): "nothing could be sent within \(limit)"
    case .allAddressesFailed(let errors): errors.map(\.description).joined(separator: "; ")
    case .tls(let error): "\(error)"
    case .reset: "the peer reset the connection"
    case .ended: "the peer closed the connection"
    case .addressInUse(let address): "\(address) is in use"
    case .cannotListen(let address, let reason): "cannot listen on \(address): \(reason)"
    case .closed: "the connection is closed"
    case .cancelled: "cancelled"
    case .loopStopped: "the event loop has stopped"
    case .system(let operation, let reason): "cannot \(operation): \(reason)"
    }
  }
}
