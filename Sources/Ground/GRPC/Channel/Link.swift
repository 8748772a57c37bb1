/// One connection of a channel, from the attempt to its end.
final class Link {
  enum State {
    /// Not connected yet, or the TLS handshake is not complete.
    case connecting
    /// The server's settings have not come.
    case greeting
    case ready
    /// The server takes no new calls.
    case draining
    case over
  }

  let since: ContinuousClock.Instant
  var state = State.connecting
  var session: ClientSession?
  /// Whether it was of use: a call was answered.
  var hasServed = false
  /// How often bytes of the server have come.
  private(set) var signs = 0
  /// When the last of them came, or the first call after a time without any was started.
  private(set) var lastLife: ContinuousClock.Instant
  /// The shortest timeout of the calls since there was none; nil if none has one.
  private var patience: Duration?
  /// The last request for a sign of life, and whether its answer has not come.
  private(set) var pingedAt: ContinuousClock.Instant?
  private(set) var isPinged = false

  init(now: ContinuousClock.Instant) { (since, lastLife) = (now, now) }

  var isIdle: Bool { session?.isIdle ?? true }

  /// Bytes of the server have come.
  func showsLife(at now: ContinuousClock.Instant) {
    signs += 1
    (lastLife, isPinged) = (now, false)
  }

  /// A call is about to be started.
  func begins(callWithin timeout: Duration?, at now: ContinuousClock.Instant) {
    if isIdle { (lastLife, patience, isPinged) = (now, nil, false) }
    if let timeout { patience = min(patience ?? timeout, timeout) }
  }

  func ping(at now: ContinuousClock.Instant) {
    (pingedAt, isPinged) = (now, true)
    session?.ping()
  }

  /// When the silence has lasted so long that there is something to do: to ask for a sign of life, or, after that, to
  /// give the connection up. Early enough to leave the calls under way the time for another connection.
  func silenceEnds(_ options: ChannelMachine.Options) -> ContinuousClock.Instant {
    func share(_ part: Int, atMost most: Duration) -> Duration {
      min(most, max(options.leastPatience, (patience ?? most * part) / part))
    }
    if isPinged, let pingedAt { return pingedAt + share(4, atMost: options.pingTimeout) }
    let next = lastLife + share(2, atMost: options.pingAfter)
    return pingedAt.map { max(next, $0 + options.pingsApart) } ?? next
  }
}
