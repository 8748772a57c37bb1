import Glibc
import Testing

@testable import Services

extension Signal {
  /// A real-time signal that no other test uses; glibc keeps 32 and 33 for itself.
  static func spare(_ number: Int32) -> Signal { Signal(number: 34 + number) }

  /// Sends it to this process.
  func send() { kill(getpid(), number) }
}

@Suite struct SignalTests {
  @Test(.timeLimit(.minutes(1))) func aSequenceHasEachSignal() async throws {
    let signal = Signal.spare(10)
    var signals = await SignalSequence(trapping: signal).makeAsyncIterator()
    for _ in 0..<50 {
      signal.send()
      #expect(await signals.next() == signal)
    }
  }

  @Test(.timeLimit(.minutes(1))) func aSequenceEndsWithItsTask() async throws {
    let signal = Signal.spare(11)
    let signals = await SignalSequence(trapping: signal)
    let reading = Task { for await _ in signals {} }
    reading.cancel()
    await reading.value
    // No task reads the sequence any more: the signal has no effect.
    signal.send()
  }

  @Test(.timeLimit(.minutes(1))) func theFirstOfTheEndSignalsIsPolite() async throws {
    let signals = [Signal.spare(12), Signal(number: 34 + 13)]
    let end = await EndSignals(signals)
    signals[1].send()
    await end.first()
    // As `timeout` does: at once, and the same.
    signals[1].send()
    signals[0].send()
    try await Task.sleep(for: .milliseconds(50))
    withExtendedLifetime(end) {}
  }

  @Test func theSecondEndsTheProcess() async throws {
    await #expect(processExitsWith: .signal(SIGTERM)) {
      let end = await EndSignals([.sigterm])
      Signal.sigterm.send()
      await end.first()
      try await Task.sleep(for: EndSignals.oneRequest * 2)
      Signal.sigterm.send()
      try await Task.sleep(for: .seconds(30))
      withExtendedLifetime(end) {}
    }
  }
}
