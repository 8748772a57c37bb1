import Cryptography

extension Connection {
  /// Closes the connection: sends what was written, finishes sending, and discards what the peer still sends, for one
  /// second at most. Of the handler, only ``ConnectionHandler/closed(_:because:)`` is called from now on.
  /// - Parameter sendLimit: how long the peer may take for what was written. Write no more than ``isWritable`` allows
  ///   before, because this does not grow with it.
  package func close(within sendLimit: Duration = .seconds(5)) {
    loop.requireCurrent()
    switch phase {
    case .connecting, .handshaking: tearDown(nil)
    case .open: linger(sendLimit)
    case .lingering, .closed: return
    }
  }

  /// Closes the connection at once and discards what was written and not sent.
  /// - Parameter error: passed to ``ConnectionHandler/closed(_:because:)``.
  package func abort(because error: NetworkError? = nil) {
    loop.requireCurrent()
    tearDown(error)
  }

  func loopStops() { tearDown(.loopStopped) }

  /// Ends the connection because of an error. A client reports it at once; a server lingers so that its alert reaches
  /// the client.
  func fail(_ error: NetworkError) {
    guard phase == .handshaking || phase == .open else { return tearDown(cause ?? error) }
    // Send the alert, as far as the system accepts it now.
    if let session, let socket, !session.outgoing.isEmpty {
      _ = try? session.outgoing.withBytes { (bytes) throws(SystemFailure) in try socket.send(bytes) }
    }
    if isClient || cause != nil { return tearDown(error) }
    cause = error
    linger(Self.drainLimit)
  }

  private func linger(_ sendLimit: Duration) {
    phase = .lingering
    isReadingPaused = false
    if sending == .open { sending = .finishing }
    if cause != nil {
      outgoing.removeAll()
      session?.outgoing.removeAll()
    }
    if peerHasFinished, sending == .finished { return tearDown(cause) }
    if isSetAside { return tearDown(cause) }
    updateInterest()
    limit(sending == .finished ? Self.drainLimit : sendLimit) { [self] in tearDown(cause) }
    flushLater()
  }

  /// Sets the time limit of a phase that begins.
  func limit(_ duration: Duration, _ work: @escaping () -> Void) {
    timer?.cancel()
    timer = loop.schedule(after: duration, work)
  }

  /// Closes the socket now and calls the handler later in this turn.
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
    (registration, isSetAside) = (0, false)
  }

  /// Waits for the socket no more, because it hung up while reading is paused; the loop still knows the connection.
  func setAside() {
    guard registration != 0, !isSetAside, let socket else { return }
    loop.setAside(socket)
    isSetAside = true
  }

  func updateInterest() {
    guard let socket, [.handshaking, .open, .lingering].contains(phase) else { return }
    var wanted: Readiness = []
    if isReading || phase == .lingering && !peerHasFinished { wanted.insert(.readable) }
    if isWaitingToSend { wanted.insert(.writable) }
    do throws(NetworkError) {
      if isSetAside {
        guard !wanted.isEmpty else { return }
        (interest, isSetAside) = (wanted, false)
        try loop.takeUp(registration, socket, wanted)
      } else if wanted != interest {
        interest = wanted
        try loop.change(registration, socket, wanted)
      }
    } catch { tearDown(error) }
  }
}
