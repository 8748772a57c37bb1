import Cryptography

extension Connection {
  /// Ends the connection in order: what was written is sent, the peer is told that nothing more comes, and what it still
  /// sends is thrown away, for a second at most. The handler hears ``ConnectionHandler/closed(_:because:)`` only.
  package func close() {
    loop.requireCurrent()
    switch phase {
    case .connecting, .handshaking: tearDown(nil)
    case .open: linger()
    case .lingering, .closed: return
    }
  }

  /// Ends the connection at once; what was written and not sent is lost.
  /// - Parameter error: what the handler is told.
  package func abort(because error: NetworkError? = nil) {
    loop.requireCurrent()
    tearDown(error)
  }

  func loopStops() { tearDown(.loopStopped) }

  /// Ends the connection for a fault. A client is told at once; a server's alert is to reach its client.
  func fail(_ error: NetworkError) {
    guard phase == .handshaking || phase == .open else { return tearDown(cause ?? error) }
    // The alert, as far as it can be sent at once.
    if let session, let socket, !session.outgoing.isEmpty {
      _ = try? session.outgoing.withBytes { (bytes) throws(SystemFailure) in try socket.send(bytes) }
    }
    if isClient || cause != nil { return tearDown(error) }
    cause = error
    linger()
  }

  private func linger() {
    phase = .lingering
    isReadingPaused = false
    if sending == .open { sending = .finishing }
    if cause != nil {
      outgoing.removeAll()
      session?.outgoing.removeAll()
    }
    if peerHasFinished, sending == .finished { return tearDown(cause) }
    if registration == 0 { return tearDown(cause) }
    updateInterest()
    limit(sending == .finished ? Self.drainLimit : Self.sendLimit) { [self] in tearDown(cause) }
    flushLater()
  }

  /// How long the rest of what was written may take.
  private static var sendLimit: Duration { .seconds(5) }

  /// Sets the time limit of the phase that begins.
  func limit(_ duration: Duration, _ work: @escaping () -> Void) {
    timer?.cancel()
    timer = loop.schedule(after: duration, work)
  }

  /// The end. The socket is closed now, and the handler is told later in this turn.
  func tearDown(_ error: NetworkError?) {
    guard phase != .closed else { return }
    phase = .closed
    timer?.cancel()
    timer = nil
    attempt?.cancel()
    attempt = nil
    unregister()
    socket = nil
    outgoing.removeAll()
    loop.afterwards { [self] in
      let handler = self.handler
      self.handler = nil
      handler?.closed(self, because: error)
    }
  }

  // MARK: What the loop waits for

  func register(_ socket: Socket, _ interest: Readiness) throws(NetworkError) {
    self.socket = socket
    self.interest = interest
    registration = try loop.add(self, socket, interest)
  }

  func unregister() {
    guard registration != 0, let socket else { return }
    loop.remove(registration, socket)
    registration = 0
  }

  func updateInterest() {
    guard let socket, [.handshaking, .open, .lingering].contains(phase) else { return }
    var wanted: Readiness = []
    if isReading || phase == .lingering && !peerHasFinished { wanted.insert(.readable) }
    if isWaitingToSend { wanted.insert(.writable) }
    do throws(NetworkError) {
      // It was taken out because it had hung up while nobody read.
      if registration == 0 {
        if !wanted.isEmpty { try register(socket, wanted) }
      } else if wanted != interest {
        interest = wanted
        try loop.change(registration, socket, wanted)
      }
    } catch { tearDown(error) }
  }
}
