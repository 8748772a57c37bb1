import Cryptography

extension Connection {
  func isReady(_ ready: Readiness) {
    if phase == .connecting { return attempt?.isReady() ?? () }
    if ready.contains(.writable) { flush() }
    if !ready.isDisjoint(with: [.readable, .hungUp, .failed]) { receive(ready) }
  }

  private func receive(_ ready: Readiness) {
    switch phase {
    case .connecting, .closed: return
    case .lingering: throwAway()
    case .handshaking: readSocket()
    case .open:
      if isReadingPaused || peerHasFinished {
        // epoll would report it in every turn. The rest is read when reading resumes.
        if ready.contains(.failed) { return tearDown(.reset) }
        if ready.contains(.hungUp) { setAside() }
      } else {
        readSocket()
      }
    }
  }

  /// A pause does not stop a handshake.
  var isReading: Bool { phase == .handshaking || phase == .open && !isReadingPaused && !peerHasFinished }

  /// Reads at most four buffers, so that other connections do not wait.
  func readSocket() {
    for _ in 0..<4 {
      guard let socket, isReading else { return }
      do throws(SystemFailure) {
        switch try socket.receive(into: loop.scratch) {
        case .wouldBlock: return
        case .ended:
          session?.receiveEnd()
          if session == nil { return finishReading() }
          return readSession()
        case .bytes(let count):
          let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(loop.scratch)[..<count]).bytes
          if let session {
            session.receive(bytes)
            readSession()
          } else {
            handler?.received(bytes, on: self)
          }
          if count < loop.scratch.count { return }
        }
      } catch {
        return tearDown(error.isReset ? cause ?? .reset : error.error("receive"))
      }
    }
  }

  /// Advances the handshake or decrypts, as far as the received bytes allow, and passes the plain text to the
  /// handler.
  func readSession() {
    guard let session else { return }
    do throws(TLSError) {
      if phase == .handshaking {
        let isDone = try session.handshake()
        flushLater()
        guard isDone else { return }
        opens()
      }
      while phase == .open, isReading {
        guard session.outgoing.count <= Self.mostAnswers else {
          return tearDown(.tls(.other("the peer does not read what TLS answers")))
        }
        switch try session.read(into: loop.scratch) {
        case .wantsBytes:
          // A message of TLS itself, such as the answer to a KeyUpdate.
          if !session.outgoing.isEmpty { flushLater() }
          return
        case .ended: return finishReading()
        case .bytes(let count):
          let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(loop.scratch)[..<count]).bytes
          handler?.received(bytes, on: self)
        }
      }
    } catch { fail(.tls(error)) }
  }

  /// OpenSSL itself answers some messages, such as KeyUpdate. A peer that sends them and never reads would make
  /// the buffer of answers grow.
  private static var mostAnswers: Int { 1 << 20 }

  /// Connected, and the handshake is complete.
  func opens() {
    timer?.cancel()
    timer = nil
    phase = .open
    if !isClient, session != nil { socket?.acknowledgeAtOnce() }
    handler?.opened(self)
  }

  private func finishReading() {
    guard phase == .open else { return tearDown(cause ?? .ended) }
    peerHasFinished = true
    updateInterest()
    handler?.peerFinished(self)
    if phase == .open, sending == .finished { tearDown(nil) }
  }

  /// Discards what the peer sends. Closing a socket with unread bytes sends a reset, which can destroy the last
  /// answer before the peer reads it.
  private func throwAway() {
    while let socket, phase == .lingering {
      do throws(SystemFailure) {
        switch try socket.receive(into: loop.scratch) {
        case .wouldBlock: return
        case .ended:
          peerHasFinished = true
          if sending == .finished { return tearDown(cause) }
          return updateInterest()
        case .bytes(let count):
          thrownAway += count
          if thrownAway > Self.mostThrownAway { return tearDown(cause) }
        }
      } catch { return tearDown(cause) }
    }
  }

  /// 16 MiB: a client that sends a large body without a pause still reads the answer that refuses it. Reading costs
  /// little, because the bytes are not decrypted, and lasts a second at most.
  private static var mostThrownAway: Int { 16 << 20 }
}
