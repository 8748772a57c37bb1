import Cryptography

/// A connection with `async` methods. Each call switches to the loop's thread and back; use ``ConnectionHandler``
/// where that costs too much.
///
/// One task may read while another writes. Cancelling a task that waits loses no bytes: the connection stays usable.
/// Call ``close(at:)`` when done.
///
/// Sendable because only the loop's thread accesses the mutable state; the methods run there.
package final class AsyncConnection: ConnectionHandler, @unchecked Sendable {
  private let loop: EventLoop

  // Only accessed on the loop's thread.
  private var connection: Connection?
  private var received = ByteQueue()
  private var peerHasFinished = false
  private var end: NetworkError?
  private var opener: Waiter<Void>?
  private var reader: (waiter: Waiter<[UInt8]?>, most: Int)?
  private var writers: [Waiter<Void>] = []

  private init(on loop: EventLoop) { self.loop = loop }

  /// The handler for a connection that a ``Listener`` accepted.
  package init(accepted connection: Connection) {
    loop = connection.loop
    self.connection = connection
  }

  /// Connects, with TLS if the options contain a context.
  /// - Parameter host: a name, or an IPv4 or IPv6 address without brackets.
  /// - Throws: ``NetworkError``.
  package static func connect(
    to host: String, port: UInt16, options: ConnectOptions = ConnectOptions(), on loop: EventLoop
  ) async throws(NetworkError) -> AsyncConnection {
    let itself = AsyncConnection(on: loop)
    let waiter = Waiter<Void>()
    let result = await waiter.wait {
      loop.execute {
        itself.opener = waiter
        itself.connection = .connect(to: host, port: port, options: options, on: loop, handler: itself)
      }
    }
    do throws(NetworkError) { try result.get() } catch {
      itself.close(at: .aborted)
      throw error
    }
    return itself
  }

  // MARK: Bytes

  /// Waits for bytes from the peer.
  /// - Parameter most: the maximum number of bytes to return; at least 1.
  /// - Returns: nil after the peer has finished sending.
  /// - Throws: ``NetworkError``: why the connection ended, or ``NetworkError/cancelled``.
  package func read(upTo most: Int = 64 << 10) async throws(NetworkError) -> [UInt8]? {
    precondition(most > 0, "a read is of one byte at least")
    let waiter = Waiter<[UInt8]?>()
    return try await waiter.wait { [self] in
      loop.execute { [self] in
        precondition(reader.map { !$0.waiter.isWaiting } ?? true, "one task reads at a time")
        reader = (waiter, most)
        serveReader()
      }
    }.get()
  }

  /// Sends bytes, and waits until the connection's buffer is below its limit (``Connection/highWater``).
  /// - Throws: ``NetworkError``: why the connection ended, or ``NetworkError/cancelled``; after a cancellation the
  ///   bytes may still be sent.
  package func write(_ bytes: [UInt8]) async throws(NetworkError) {
    let waiter = Waiter<Void>()
    try await waiter.wait { [self] in
      loop.execute { [self] in
        guard let connection, end == nil else {
          waiter.resume { .failure(end ?? .closed) }
          return
        }
        connection.write(bytes)
        writers.append(waiter)
        if connection.isWritable { serveWriters(.success(())) }
      }
    }.get()
  }

  /// Finishes sending (half-close); reading continues.
  package func finishWriting() { loop.execute { [self] in connection?.finishWriting() } }

  package enum Ending: Sendable { case inOrder, aborted }

  /// Ends the connection. `inOrder` sends what was written first.
  package func close(at ending: Ending = .inOrder) {
    loop.execute { [self] in
      if ending == .inOrder { connection?.close() } else { connection?.abort(because: .closed) }
      finish(.closed)
    }
  }

  /// Runs a closure with the connection on the loop's thread, for example to read the peer's certificates.
  /// - Throws: ``NetworkError/closed``, or what the question throws.
  package func ask<Value: Sendable>(
    _ question: @escaping @Sendable (Connection) throws(NetworkError) -> Value
  ) async throws(NetworkError) -> Value {
    try await loop.run { [self] () throws(NetworkError) in
      guard let connection else { throw end ?? .closed }
      return try question(connection)
    }
  }

  // MARK: On the loop's thread

  package func opened(_ connection: Connection) {
    opener?.resume { .success(()) }
    opener = nil
  }

  package func received(_ bytes: RawSpan, on connection: Connection) {
    received.append(bytes)
    serveReader()
    if received.count >= Self.mostReceived { connection.pauseReading() }
  }

  package func peerFinished(_ connection: Connection) {
    peerHasFinished = true
    serveReader()
  }

  package func becameWritable(_ connection: Connection) { serveWriters(.success(())) }

  package func closed(_ connection: Connection, because error: NetworkError?) {
    finish(error ?? .ended)
  }

  private func finish(_ error: NetworkError) {
    connection = nil
    if end == nil { end = error }
    opener?.resume { .failure(error) }
    opener = nil
    serveReader()
    serveWriters(.failure(end ?? error))
  }

  private func serveReader() {
    guard let (waiter, most) = reader else { return }
    if received.isEmpty, end == nil, !peerHasFinished { return }
    reader = nil
    waiter.resume {
      if received.isEmpty { return peerHasFinished ? .success(nil) : .failure(end ?? .closed) }
      return .success(received.take(upTo: most))
    }
    if received.count < Self.mostReceived { connection?.resumeReading() }
  }

  private func serveWriters(_ result: Result<Void, NetworkError>) {
    let waiting = writers
    writers = []
    for waiter in waiting { waiter.resume { result } }
  }

  /// Reading is paused while this many received bytes have not been read.
  private static let mostReceived = 128 << 10
}
