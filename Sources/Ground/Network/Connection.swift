import Cryptography

/// A TCP connection with or without TLS, from the attempt to connect to its end. Only use it on its loop's thread.
///
/// Written bytes are buffered and sent at the end of the loop's turn; ``isWritable`` limits the buffer. Received
/// bytes are passed to the handler at once; while reading is paused, nothing more is read.
package final class Connection: EventSource {
  enum Phase {
    case connecting, handshaking, open
    /// Closed for the handler: the rest is sent and received bytes are discarded.
    case lingering
    case closed
  }

  enum Sending { case open, finishing, finished }

  package let loop: EventLoop
  /// Receives the events; retained until ``ConnectionHandler/closed(_:because:)``.
  package var handler: (any ConnectionHandler)?
  /// Nil until TCP is connected.
  package internal(set) var peer: Address?

  var phase: Phase
  var sending = Sending.open
  var peerHasFinished = false
  package internal(set) var isReadingPaused = false

  let isClient: Bool
  var socket: Socket?
  var registration: UInt64 = 0
  var interest: Readiness = []
  /// The loop does not wait for the socket: see ``setAside()``.
  var isSetAside = false
  var session: TLSSession?

  var outgoing = ByteQueue()
  var isToFlush = false
  /// The system accepted only a part: waits until it accepts more.
  var isWaitingToSend = false
  var mustSayWritable = false
  var hasFinishedTLS = false
  var thrownAway = 0

  /// The time limit of the phase.
  var timer: LoopTimer?
  /// Why the connection ended, while it lingers.
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

  /// True from ``ConnectionHandler/opened(_:)`` until the connection ends or is closed.
  package var isOpen: Bool { phase == .open }

  package var isSecure: Bool { session != nil }

  /// As in "TLSv1.3"; nil without TLS.
  package var tlsVersion: String? { session?.version }

  /// The protocol negotiated with ALPN; nil without one.
  package var applicationProtocol: String? { session?.applicationProtocol }

  /// The peer's certificate and the certificates it sent with it; empty if it sent none.
  /// - Throws: ``NetworkError/tls(_:)``.
  package func peerCertificates() throws(NetworkError) -> [Certificate] {
    do { return try session?.peerCertificates() ?? [] } catch { throw .tls(error) }
  }

  package var localAddress: Address? { socket?.localAddress }

  // MARK: Writing

  /// ``isWritable`` becomes false when the buffer has this many bytes, and true again at a quarter of them.
  package static let highWater = 256 << 10

  /// The number of bytes that are buffered.
  package var waitingCount: Int { outgoing.count + (session?.outgoing.count ?? 0) }

  /// Whether more should be written now. Writes are accepted anyway, and the buffer grows. After this returned false,
  /// ``ConnectionHandler/becameWritable(_:)`` is called when it is true again.
  package var isWritable: Bool {
    let isWritable = phase == .open && sending == .open && waitingCount < Self.highWater
    if !isWritable, phase == .open { mustSayWritable = true }
    return isWritable
  }

  /// Buffers bytes to send. Ignored after ``finishWriting()`` and ``close()``.
  package func write(_ bytes: RawSpan) {
    loop.requireCurrent()
    guard phase == .open, sending == .open, !bytes.isEmpty else { return }
    outgoing.append(bytes)
    flushLater()
  }

  /// Buffers bytes to send. Ignored after ``finishWriting()`` and ``close()``.
  package func write(_ bytes: [UInt8]) {
    loop.requireCurrent()
    guard phase == .open, sending == .open, !bytes.isEmpty else { return }
    outgoing.append(bytes)
    flushLater()
  }

  /// Calls ``ConnectionHandler/willFlush(_:)`` once at the end of the turn, even if nothing is written.
  package func flushLater() {
    guard !isToFlush else { return }
    isToFlush = true
    loop.flushLater(self)
  }

  /// Finishes sending after the buffer is sent (half-close). Receiving continues.
  package func finishWriting() {
    loop.requireCurrent()
    guard phase == .open, sending == .open else { return }
    sending = .finishing
    flushLater()
  }

  // MARK: Reading

  /// Stops reading, so that TCP's flow control stops the peer.
  package func pauseReading() {
    loop.requireCurrent()
    isReadingPaused = true
    updateInterest()
  }

  /// Resumes reading.
  package func resumeReading() {
    loop.requireCurrent()
    guard isReadingPaused else { return }
    isReadingPaused = false
    guard phase == .open else { return }
    updateInterest()
    // epoll does not report bytes that the session already has.
    if session != nil { loop.afterwards { [self] in readSession() } }
  }
}
