/// A token bucket: an average rate, and a burst after a pause.
struct TokenBucket {
  private let rate: Double
  private let size: Double
  private var level: Double
  private var last: ContinuousClock.Instant

  init(rate: Double, size: Double, now: ContinuousClock.Instant) {
    self.rate = rate
    self.size = size
    level = size
    last = now
  }

  /// Takes one token.
  /// - Returns: nil, or the seconds until a token is available.
  mutating func take(now: ContinuousClock.Instant) -> Double? {
    refill(now: now)
    guard level >= 1 else { return (1 - level) / rate }
    level -= 1
    return nil
  }

  /// Whether the bucket is full, as if it had never been used.
  mutating func isFull(now: ContinuousClock.Instant) -> Bool {
    refill(now: now)
    return level >= size
  }

  private mutating func refill(now: ContinuousClock.Instant) {
    let passed = max(now - last, .zero) / .seconds(1)
    level = min(size, level + passed * rate)
    last = max(now, last)
  }
}
