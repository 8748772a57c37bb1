import Synchronization

/// Signals that ask for an end: the first politely, a second one for the process at once.
///
/// What comes within half a second counts as one: `timeout` sends its signal to the process and to its group, and a
/// terminal's Ctrl-C may come by way of a parent too.
struct EndSignals: Sendable {
  static let oneRequest = Duration.milliseconds(500)

  private let stream: AsyncStream<Void>
  private let watch: SignalWatch

  init(_ signals: [Signal]) async {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    let first = FirstTime()
    self.stream = stream
    watch = await SignalWatch(signals) { signal in
      guard let age = first.age else { return continuation.finish() }
      if age > Self.oneRequest { signal.endProcess() }
    }
  }

  /// Waits for the first, or for the task's cancellation.
  func first() async {
    for await _ in stream {}
  }
}

/// When something happened for the first time.
private final class FirstTime: Sendable {
  private let time = Mutex<ContinuousClock.Instant?>(nil)

  /// How long ago it was; nil, and now, the first time that this is read.
  var age: Duration? {
    time.withLock { time in
      if let time { return ContinuousClock.now - time }
      time = .now
      return nil
    }
  }
}
