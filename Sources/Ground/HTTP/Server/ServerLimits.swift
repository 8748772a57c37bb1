/// What keeps one client, or many, from using a server up. Each time counts from the beginning of its phase: bytes that
/// trickle in do not lengthen it.
package struct ServerLimits: Hashable, Sendable {
  package var message = MessageLimits()
  /// Connections in all, and from one address. One more is closed before anything is read.
  package var connections = 4_096
  package var connectionsPerClient = 1_024
  /// For TLS to be agreed on.
  package var handshake = Duration.seconds(10)
  /// For a header, from its first byte; for the first of a connection from its acceptance.
  package var head = Duration.seconds(10)
  /// For a body, from the end of its header.
  package var body = Duration.seconds(10)
  /// Between two requests.
  package var idle = Duration.seconds(10)
  /// For an answer to be taken by the client.
  package var answer = Duration.seconds(10)
  /// How long requests in flight may take once the server is to stop.
  package var farewell = Duration.seconds(20)

  package init() {}

  /// The same limit for all phases of a connection.
  package mutating func setPatience(_ patience: Duration) {
    (handshake, head, body, idle, answer) = (patience, patience, patience, patience, patience)
  }
}
