import Cryptography

extension Connection {
  /// Sends the buffer, as far as the system accepts it.
  func flush() {
    isToFlush = true
    // This flush also sends what the handler writes in this call.
    if phase == .open { handler?.willFlush(self) }
    isToFlush = false
    guard let socket, [.handshaking, .open, .lingering].contains(phase), sending != .finished else { return }
    do throws(SystemFailure) {
      let isBlocked =
        if let session { try send(session, by: socket) } else { try sendPlain(by: socket) }
      guard phase != .closed else { return }
      isWaitingToSend = isBlocked
      updateInterest()
      if !isBlocked, sending == .finishing { finishedSending(socket) }
      if mustSayWritable, phase == .open, sending == .open, waitingCount <= Self.highWater / 4 {
        mustSayWritable = false
        handler?.becameWritable(self)
      }
    } catch { sendingFailed(error) }
  }

  /// - Returns: true if the system accepts no more now.
  private func sendPlain(by socket: Socket) throws(SystemFailure) -> Bool {
    while !outgoing.isEmpty {
      let count = try outgoing.withBytes { (bytes) throws(SystemFailure) in try socket.send(bytes) }
      if count == 0 { return true }
      outgoing.drop(count)
    }
    return false
  }

  /// - Returns: true if the system accepts no more now.
  private func send(_ session: TLSSession, by socket: Socket) throws(SystemFailure) -> Bool {
    while true {
      do throws(TLSError) { try encrypt(session) } catch {
        fail(.tls(error))
        return false
      }
      guard !session.outgoing.isEmpty else { return false }
      let count = try session.outgoing.withBytes { (bytes) throws(SystemFailure) in try socket.send(bytes) }
      if count == 0 { return true }
      session.outgoing.drop(count)
    }
  }

  /// Encrypts a part of the buffer: no more than 64 KiB are kept in both forms.
  private func encrypt(_ session: TLSSession) throws(TLSError) {
    guard session.isHandshakeDone else { return }
    while !outgoing.isEmpty, session.outgoing.count < Self.encryptedAhead {
      let count = try outgoing.withBytes { (bytes) throws(TLSError) in
        try session.write(bytes.extracting(first: min(bytes.byteCount, Self.record)))
      }
      if count == 0 { return }
      outgoing.drop(count)
    }
    if outgoing.isEmpty, sending == .finishing, !hasFinishedTLS {
      hasFinishedTLS = true
      session.finish()
    }
  }

  /// The largest plain text of a TLS record (RFC 8446, section 5.1).
  private static var record: Int { 16 << 10 }
  private static var encryptedAhead: Int { 64 << 10 }

  private func finishedSending(_ socket: Socket) {
    socket.finishSending()
    sending = .finished
    if peerHasFinished { return tearDown(cause) }
    if phase == .lingering { limit(Self.drainLimit) { [self] in tearDown(cause) } }
  }

  static var drainLimit: Duration { .seconds(1) }

  /// Sending failed. Bytes received before may contain the reason: a TLS alert or an answer.
  private func sendingFailed(_ failure: SystemFailure) {
    let error = failure.isReset ? NetworkError.reset : failure.error("send")
    outgoing.removeAll()
    guard phase == .open || phase == .handshaking else { return tearDown(cause ?? error) }
    cause = error
    readSocket()
    if phase != .closed { tearDown(error) }
  }
}
