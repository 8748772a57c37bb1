import Network

/// Sending a body that comes in pieces.
extension ClientConnection {
  /// Sends the pieces as they come, not faster than the server takes them.
  func send(_ pieces: AsyncStream<[UInt8]>) async {
    var writer = MessageWriter()
    for await piece in pieces {
      writer.chunk(piece)
      await write(writer.take(), isLast: false)
    }
    // The last chunk has no fields that could not be written.
    if !Task.isCancelled, (try? writer.lastChunk()) != nil { await write(writer.take(), isLast: true) }
  }

  /// Writes, and waits while the connection holds as much as it should.
  private func write(_ bytes: [UInt8], isLast: Bool) async {
    await withCheckedContinuation { continuation in
      let isTaken = loop.execute { [self] in
        guard let connection, sender != nil else { return continuation.resume() }
        connection.write(bytes)
        if isLast { sender = nil }
        if connection.isWritable { continuation.resume() } else { waiting = continuation }
      }
      if !isTaken { continuation.resume() }
    }
  }

  func endSending() {
    sender?.cancel()
    sender = nil
    waiting?.resume()
    waiting = nil
  }
}
