/// Who is told what happens on a connection, on the loop's thread. A handler may call the connection in turn; the
/// connection never calls back before that call has returned.
package protocol ConnectionHandler: AnyObject {
  /// The connection is there, with TLS where it was asked for.
  func opened(_ connection: Connection)

  /// Bytes came, which are lent for the time of the call.
  func received(_ bytes: RawSpan, on connection: Connection)

  /// The peer sends no more; it may still read. Without an implementation the connection is closed.
  func peerFinished(_ connection: Connection)

  /// ``Connection/isWritable`` was false and is true again.
  func becameWritable(_ connection: Connection)

  /// What was written in this turn is about to be sent: more may be written, and goes with it. Called where something
  /// was written or ``Connection/flushLater()`` was called.
  func willFlush(_ connection: Connection)

  /// The last call: the connection is over, or was never there.
  /// - Parameter error: nil where both sides have ended it in order, or ``Connection/close()`` has.
  func closed(_ connection: Connection, because error: NetworkError?)
}

extension ConnectionHandler {
  package func peerFinished(_ connection: Connection) { connection.close() }
  package func becameWritable(_ connection: Connection) {}
  package func willFlush(_ connection: Connection) {}
}
