/// How far the carrying out of a plan is.
package struct ApplyProgress: Sendable {
  /// Changes that are made, of ``total``.
  package let done: Int
  package let total: Int
  package let elapsed: Duration
  /// Changes in a second, of late; nil before the first.
  package let rate: Double?
  /// The change that was begun last.
  package let change: Change?

  /// About how long the rest takes if it goes on like this; nil before anything is known.
  package var remaining: Duration? { rate.flatMap { $0 > 0 ? .seconds(Double(total - done) / $0) : nil } }
}

/// Works out the rate at which something is done, the last few seconds counting most.
struct Rate {
  private var since: Duration = .zero
  private var count = 0
  private(set) var perSecond: Double?

  /// - Parameters:
  ///   - done: How many in all.
  ///   - elapsed: Since the beginning.
  mutating func note(done: Int, elapsed: Duration) {
    let span = (elapsed - since) / Duration.seconds(1)
    guard span >= 0.5 || perSecond == nil, span > 0, done > count else { return }
    let current = Double(done - count) / span
    perSecond = perSecond.map { 0.7 * $0 + 0.3 * current } ?? current
    (since, count) = (elapsed, done)
  }
}
