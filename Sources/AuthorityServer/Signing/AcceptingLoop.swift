import Glibc

/// Accepts connections until it is told to end. A failure, such as that of accept(2) while all file descriptors are in
/// use, does not end it.
struct AcceptingLoop {
  /// After a failure, in microseconds: it is likely to happen again at once.
  private static let pause: UInt32 = 100_000

  let hasEnded: () -> Bool

  /// - Parameters:
  ///   - accept: waits for a connection.
  ///   - failed: is called after each failure.
  ///   - take: is called with each connection.
  func run<Connection>(
    accept: () throws -> Connection, failed: (any Error) -> Void, take: (Connection) -> Void
  ) {
    while !hasEnded() {
      do {
        take(try accept())
      } catch {
        if hasEnded() { return }
        failed(error)
        usleep(Self.pause)
      }
    }
  }
}

/// Events that are reported once a minute, with their number: others could cause any number of them.
struct SparseReport {
  private static let interval = Duration.seconds(60)

  private var last: ContinuousClock.Instant?
  private var count = 0

  /// Counts an event.
  /// - Returns: how many there were since the last report, if it is time for one.
  mutating func add(now: ContinuousClock.Instant) -> Int? {
    count += 1
    if let last, now < last + Self.interval { return nil }
    defer { count = 0 }
    last = now
    return count
  }
}
