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
  /// When the last sign of life came, or the first call after a time without any was started.
  var lastLife: ContinuousClock.Instant
  var pingedAt: ContinuousClock.Instant?

  init(now: ContinuousClock.Instant) { (since, lastLife) = (now, now) }

  var isIdle: Bool { session?.isIdle ?? true }
}
