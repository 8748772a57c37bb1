import Cryptography

/// Why a connection was not made or is over, by cause.
package enum NetworkError: Error, Hashable, Sendable {
  /// No address is known for the name, in the resolver's words.
  case nameUnknown(String, reason: String)
  /// The host is there and no program listens on the port.
  case refused(Address)
  /// There is no way to the address, in the system's words.
  case unreachable(Address, reason: String)
  /// A phase has taken longer than it may.
  case timedOut(Phase, after: Duration)
  /// Each of the addresses of a name has failed, in the order in which they were tried.
  case allAddressesFailed([NetworkError])
  case tls(TLSError)
  /// The peer has reset the connection.
  case reset
  /// The peer sends no more where more was expected.
  case ended
  /// The address that is to be listened on is in use.
  case addressInUse(Address)
  /// An address cannot be listened on, in the system's words.
  case cannotListen(Address, reason: String)
  /// The connection was closed here.
  case closed
  /// The task that waited was cancelled.
  case cancelled
  /// The event loop has stopped.
  case loopStopped
  /// Another call of the system failed, in its words: "too many open files".
  case system(operation: String, reason: String)

  package enum Phase: String, Hashable, Sendable {
    /// Finding the addresses of a name, and connecting to one of them.
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
