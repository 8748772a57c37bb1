import Cryptography

/// One TCP connection, with TLS or without, from the attempt to make it to its end. It belongs to its loop's thread.
///
/// What is written is kept and sent at the end of the loop's turn; ``isWritable`` says when to stop. What is received
/// is handed on at once, and no more is read while reading is paused.
package final class Connection: EventSource {
  enum Phase {
    case connecting, handshaking, open
    /// It is over for the handler: the rest is sent and what comes is thrown away.
    case lingering
    case closed
  }

  enum Sending { case open, finishing, finished }

  package let loop: EventLoop
  /// Told what happens; held until ``ConnectionHandler/closed(_:because:)``.
  package var handler: (any ConnectionHandler)?
  /// Nil until it is connected.
  package internal(set) var peer: Address?

  var phase: Phase
  var sending = Sending.open
  var peerHasFinished = false
  package internal(set) var isReadingPaused = false

  let isClient: Bool
  var socket: Socket?
  var registration: UInt64 = 0
  var interest: Readiness = []
  var session: TLSSession?

  var outgoing = ByteQueue()
  var isToFlush = false
  /// Whether the system takes no more at this moment.
  var isWaitingToSend = false
  var mustSayWritable = false
  var hasFinishedTLS = false
  var thrownAway = 0

  /// The time limit of the phase.
  var timer: LoopTimer?
  /// Why it is over, once that is known.
  var cause: NetworkError?
  var attempt: ConnectAttempt?
  var handshakeLimit: Duration

  init(
    isClient: Bool, handshakeLimit: Duration, on loop: EventLoop, handler: (any ConnectionHandler)?
  ) {
    self.isClient = isClient
    self.handshakeLimit = handshakeLimit
    self.loop = loop
    self.handler = handler
    phase = .connecting
  }

  // MARK: What is known of it

  /// Whether it is open for the handler: between ``ConnectionHandler/opened(_:)`` and its end.
  package var isOpen: Bool { phase == .open }

  package var isSecure: Bool { session != nil }

  /// As in "TLSv1.3"; nil without TLS.
  package var tlsVersion: String? { session?.version }

  /// The protocol that was agreed on with ALPN; nil where none was.
  package var applicationProtocol: String? { session?.applicationProtocol }

  /// The peer's certificate and those that it sent with it; empty where it has none.
  /// - Throws: ``NetworkError/tls(_:)``.
  package func peerCertificates() throws(NetworkError) -> [Certificate] {
    do { return try session?.peerCertificates() ?? [] } catch { throw .tls(error) }
  }

  package var localAddress: Address? { socket?.localAddress }

  // MARK: Writing

  /// So many bytes wait to be sent at most before ``isWritable`` is false, and at a quarter of them it is true again.
  package static let highWater = 256 << 10

  /// How many bytes wait to be sent.
  package var waitingCount: Int { outgoing.count + (session?.outgoing.count ?? 0) }

  /// Whether more should be written now. Who goes on writing makes the buffer grow; who stops is told when it is true
  /// again.
  package var isWritable: Bool {
    let isWritable = phase == .open && sending == .open && waitingCount < Self.highWater
    if !isWritable, phase == .open { mustSayWritable = true }
    return isWritable
  }

  /// Takes bytes to send; after ``finishWriting()`` and ``close()`` they are ignored.
  package func write(_ bytes: RawSpan) {
    loop.requireCurrent()
    guard phase == .open, sending == .open, !bytes.isEmpty else { return }
    outgoing.append(bytes)
    flushLater()
  }

  /// Takes bytes to send; after ``finishWriting()`` and ``close()`` they are ignored.
  package func write(_ bytes: [UInt8]) {
    loop.requireCurrent()
    guard phase == .open, sending == .open, !bytes.isEmpty else { return }
    outgoing.append(bytes)
    flushLater()
  }

  /// Has ``ConnectionHandler/willFlush(_:)`` called at the end of the turn, once, whether or not something is written.
  package func flushLater() {
    guard !isToFlush else { return }
    isToFlush = true
    loop.flushLater(self)
  }

  /// Tells the peer, after everything that was written, that nothing more comes. Receiving goes on.
  package func finishWriting() {
    loop.requireCurrent()
    guard phase == .open, sending == .open else { return }
    sending = .finishing
    flushLater()
  }

  // MARK: Reading

  /// Stops receiving, so that the peer must stop in its turn.
  package func pauseReading() {
    loop.requireCurrent()
    isReadingPaused = true
    updateInterest()
  }

  /// Goes on receiving.
  package func resumeReading() {
    loop.requireCurrent()
    guard isReadingPaused else { return }
    isReadingPaused = false
    guard phase == .open else { return }
    updateInterest()
    // What was decrypted or waits to be is not announced by the system.
    if session != nil { loop.afterwards { [self] in readSession() } }
  }
}
