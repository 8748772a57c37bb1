/// What keeps one client, or many, from using a server up. Each time counts from the beginning of its phase: bytes that
/// trickle in or out do not lengthen it.
package struct ServerLimits: Hashable, Sendable {
  package var message = MessageLimits()
  /// Connections in all, from one address, and from one /64 network of IPv6. One more is closed before anything is
  /// read, or takes the place of another one: see ``ServerCore/admit(_:)``.
  package var connections = 4_096
  package var connectionsPerClient = 1_024
  package var connectionsPerNetwork = 1_024
  /// How many of `connections` only clients may have that ``Admission`` knows.
  package var reserve = 0
  /// How many answers that do not fit into the buffer of a connection (``Connection/highWater``) are sent at a time: in
  /// all, of which a quarter is for clients that ``Admission`` knows, and to one address. Instead of one more the client
  /// gets the status 503.
  package var transfers = 256
  package var transfersPerClient = 16
  /// For TLS to be agreed on.
  package var handshake = Duration.seconds(10)
  /// For a header, from its first byte; for the first of a connection from its acceptance.
  package var head = Duration.seconds(10)
  /// For a body, from the end of its header.
  package var body = Duration.seconds(10)
  /// Between two requests.
  package var idle = Duration.seconds(10)
  /// For the client to take a part of an answer, of 192 KiB or what is left of it: so a large one has more time, but the
  /// rate has a lower bound.
  package var answer = Duration.seconds(10)
  /// How long requests in flight may take once the server is to stop.
  package var farewell = Duration.seconds(20)

  package init() {}

  /// The same limit for all phases of a connection.
  package mutating func setPatience(_ patience: Duration) {
    (handshake, head, body, idle, answer) = (patience, patience, patience, patience, patience)
  }
}
