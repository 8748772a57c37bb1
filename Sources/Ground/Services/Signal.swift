import Dispatch
import Glibc

/// A signal that a process takes notice of.
package struct Signal: Sendable, Hashable {
  let number: Int32

  /// What a terminal's Ctrl-C sends.
  package static let sigint = Signal(number: SIGINT)
  /// What asks a process to end.
  package static let sigterm = Signal(number: SIGTERM)
  /// What asks a service to look at its files, and what a program gets whose terminal is gone.
  package static let sighup = Signal(number: SIGHUP)
  /// What asks a service for something of its own.
  package static let sigusr1 = Signal(number: SIGUSR1)

  /// What asks a program that runs to its end to stop. SIGHUP is one of them unless the program was started with the
  /// signal ignored, as by nohup.
  package static var endOfProgram: [Signal] {
    sighup.isIgnored ? [sigint, sigterm] : [sigint, sigterm, sighup]
  }

  private var isIgnored: Bool {
    var current = sigaction()
    guard sigaction(number, nil, &current) == 0 else { return false }
    // SIG_IGN is the address 1.
    return unsafeBitCast(current.__sigaction_handler, to: Int.self) == 1
  }

  /// Ends the process as the signal does when nothing takes notice of it.
  func endProcess() {
    signal(number, SIG_DFL)
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, number)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
    raise(number)
  }
}

/// Takes notice of signals until it is released.
///
/// From the first watch on the signals have no default effect, even after the watch has ended: a process that is about
/// to exit is not killed by a signal that arrives a moment later.
///
/// `@unchecked Sendable`: the sources are set once, and a source may be cancelled on any thread.
final class SignalWatch: @unchecked Sendable {
  private let sources: [any DispatchSourceSignal]

  /// Returns once the signals are noticed.
  /// - Parameter body: Called on a thread of Dispatch each time a signal comes. Several that come at once may count as
  ///   one.
  init(_ signals: [Signal], _ body: @escaping @Sendable (Signal) -> Void) async {
    var sources: [any DispatchSourceSignal] = []
    for signal in signals {
      let source = DispatchSource.makeSignalSource(signal: signal.number, queue: .global())
      source.setEventHandler { body(signal) }
      await withCheckedContinuation { continuation in
        source.setRegistrationHandler { continuation.resume() }
        source.activate()
      }
      sources.append(source)
    }
    self.sources = sources
  }

  deinit { for source in sources { source.cancel() } }
}

/// The signals that come, for as long as the sequence is held or read. It ends with the task's cancellation.
package struct SignalSequence: AsyncSequence, Sendable {
  private let stream: AsyncStream<Signal>

  /// Returns once the signals are noticed.
  package init(trapping signals: Signal...) async {
    let (stream, continuation) = AsyncStream.makeStream(of: Signal.self)
    let watch = await SignalWatch(signals) { continuation.yield($0) }
    continuation.onTermination = { _ in withExtendedLifetime(watch) {} }
    self.stream = stream
  }

  package func makeAsyncIterator() -> AsyncStream<Signal>.Iterator { stream.makeAsyncIterator() }
}
