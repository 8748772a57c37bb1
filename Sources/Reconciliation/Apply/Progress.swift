/// How much of a plan is carried out.
package struct ApplyProgress: Sendable {
  /// Changes made so far, of ``total``.
  package let done: Int
  package let total: Int
  package let elapsed: Duration
  /// Changes per second in the last seconds; nil before the first change is made.
  package let rate: Double?
  /// The change that was started last.
  package let change: Change?

  /// Estimated time for the changes that are left; nil before a rate is known.
  package var remaining: Duration? { rate.flatMap { $0 > 0 ? .seconds(Double(total - done) / $0) : nil } }
}

/// Computes a rate as a moving average in which the last few seconds weigh most.
struct Rate {
  private var since: Duration = .zero
  private var count = 0
  private(set) var perSecond: Double?

  /// - Parameters:
  ///   - done: The number done since the start.
  ///   - elapsed: The time since the start.
  mutating func note(done: Int, elapsed: Duration) {
    let span = (elapsed - since) / Duration.seconds(1)
    guard span >= 0.5 || perSecond == nil, span > 0, done > count else { return }
    let current = Double(done - count) / span
    perSecond = perSecond.map { 0.7 * $0 + 0.3 * current } ?? current
    (since, count) = (elapsed, done)
  }
}
