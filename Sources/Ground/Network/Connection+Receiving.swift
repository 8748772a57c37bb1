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
        // Told again and again if it stayed registered; what there is is read when reading goes on.
        if ready.contains(.failed) { return tearDown(.reset) }
        if ready.contains(.hungUp) { unregister() }
      } else {
        readSocket()
      }
    }
  }

  /// A handshake goes on where reading is paused.
  var isReading: Bool { phase == .handshaking || phase == .open && !isReadingPaused && !peerHasFinished }

  /// Reads what there is, but not for so long that other connections wait.
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

  /// Goes on with TLS as far as what was received allows, and hands on what it gives.
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
          // An answer of TLS itself, such as to a change of keys.
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

  /// TLS answers some of what a peer says by itself, as a change of keys. A peer that asks and never reads would make
  /// the answers grow.
  private static var mostAnswers: Int { 1 << 20 }

  /// The connection is there for its handler.
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

  /// What a peer sends to a connection that is over would, unread, make a reset of its end and destroy the answer that
  /// is on its way.
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

  private static var mostThrownAway: Int { 1 << 20 }
}
