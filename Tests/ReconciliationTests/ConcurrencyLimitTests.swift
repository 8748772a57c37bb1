import Testing

@testable import Reconciliation

@Suite("The concurrency limit of changes")
struct ConcurrencyLimitTests {
  /// Changes that each keep the cluster busy for `cost`, one after the other.
  private func size(_ limit: ConcurrencyLimit = ConcurrencyLimit(), after count: Int, cost: Duration)
    -> ConcurrencyLimit
  {
    var limit = limit
    for _ in 0..<count {
      limit.made(in: cost * limit.size, inFlight: limit.size, attempts: 1)
    }
    return limit
  }

  @Test("grows to its maximum if changes are cheap, and bounds the time for changes in flight if not")
  func follows() {
    #expect(size(after: 200, cost: .milliseconds(1)).size == ConcurrencyLimit.largest)
    let limit = size(after: 200, cost: .milliseconds(25))
    #expect((4...6).contains(limit.size))
    #expect(size(limit, after: 200, cost: .milliseconds(300)).size == 1)
    #expect(size(after: 200, cost: .seconds(3)).size == 1)
    #expect(
      size(size(after: 200, cost: .seconds(1)), after: 200, cost: .milliseconds(1)).size
        == ConcurrencyLimit.largest)
  }

  @Test("is not reduced by a long round trip")
  func distance() {
    var limit = ConcurrencyLimit()
    for _ in 0..<200 {
      limit.made(
        in: .milliseconds(150) + .microseconds(500) * limit.size, inFlight: limit.size, attempts: 1)
    }
    #expect(limit.size == ConcurrencyLimit.largest)
  }

  @Test("shrinks at once when answers are lost, and pauses while plain reads are slow")
  func suffers() {
    var limit = size(after: 200, cost: .milliseconds(1))
    limit.made(in: .seconds(8), inFlight: 64, attempts: 2)
    #expect(limit.size == 32 && limit.pause == .zero)
    limit.probed(.milliseconds(400))
    #expect(limit.size == 16 && limit.pause == .milliseconds(400))
    limit.probed(.milliseconds(3))
    #expect(limit.size == 16 && limit.pause == .zero)
    limit.probed(nil)
    #expect(limit.size == 1 && limit.pause == .seconds(1))
  }
}
