/// Receives the events of a connection, on the loop's thread. A handler may call the connection's methods; none of
/// them calls the handler before it returns.
package protocol ConnectionHandler: AnyObject {
  /// TCP is connected, and the TLS handshake is complete if there is TLS.
  func opened(_ connection: Connection)

  /// Bytes were received. They are only valid during the call.
  func received(_ bytes: RawSpan, on connection: Connection)

  /// The peer has finished sending; it may still read. The default implementation closes the connection.
  func peerFinished(_ connection: Connection)

  /// ``Connection/isWritable`` returned false before and is true again.
  func becameWritable(_ connection: Connection)

  /// The buffer is about to be sent. What is written in this call is sent with it. Called at the end of a turn in
  /// which something was written or ``Connection/flushLater()`` was called.
  func willFlush(_ connection: Connection)

  /// The last call: the connection has ended, or could not be made.
  /// - Parameter error: nil if both sides finished sending or ``Connection/close()`` was called.
  func closed(_ connection: Connection, because error: NetworkError?)
}

extension ConnectionHandler {
  package func peerFinished(_ connection: Connection) { connection.close() }
  package func becameWritable(_ connection: Connection) {}
  package func willFlush(_ connection: Connection) {}
}
