import Testing

@testable import Reconciliation

@Suite("The concurrency limit of changes")
struct WindowTests {
  /// Changes that each keep the cluster busy for `cost`, one after the other.
  private func size(_ window: Window = Window(), after count: Int, cost: Duration) -> Window {
    var window = window
    for _ in 0..<count {
      window.made(in: cost * window.size, inHand: window.size, sendings: 1)
    }
    return window
  }

  @Test("grows to its maximum if changes are cheap, and bounds the time for changes in flight if not")
  func follows() {
    #expect(size(after: 200, cost: .milliseconds(1)).size == Window.largest)
    let window = size(after: 200, cost: .milliseconds(25))
    #expect((4...6).contains(window.size))
    #expect(size(window, after: 200, cost: .milliseconds(300)).size == 1)
    #expect(size(after: 200, cost: .seconds(3)).size == 1)
    #expect(
      size(size(after: 200, cost: .seconds(1)), after: 200, cost: .milliseconds(1)).size == Window.largest)
  }

  @Test("is not reduced by a long round trip")
  func distance() {
    var window = Window()
    for _ in 0..<200 {
      window.made(
        in: .milliseconds(150) + .microseconds(500) * window.size, inHand: window.size, sendings: 1)
    }
    #expect(window.size == Window.largest)
  }

  @Test("shrinks at once when answers are lost, and pauses while plain reads are slow")
  func suffers() {
    var window = size(after: 200, cost: .milliseconds(1))
    window.made(in: .seconds(8), inHand: 64, sendings: 2)
    #expect(window.size == 32 && window.rest == .zero)
    window.probed(.milliseconds(400))
    #expect(window.size == 16 && window.rest == .milliseconds(400))
    window.probed(.milliseconds(3))
    #expect(window.size == 16 && window.rest == .zero)
    window.probed(nil)
    #expect(window.size == 1 && window.rest == .seconds(1))
  }
}
