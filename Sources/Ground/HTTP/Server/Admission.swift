import Synchronization

/// Which clients of a server have proved to be wanted, and how many connections were admitted and refused.
package final class Admission: Sendable {
  package struct Counts: Hashable, Sendable {
    /// Connections that are open now.
    package var open = 0
    /// Connections that were refused because their address or network had too many.
    package var refusedForClient = 0
    /// Connections that were refused because there were too many in all.
    package var refusedInAll = 0
    /// Connections that were closed to make room for one of another client.
    package var displaced = 0

    package init() {}
  }

  private struct State {
    /// When each known address is forgotten.
    var known: [String: ContinuousClock.Instant] = [:]
    var counts = Counts()
  }

  private let mostKnown: Int
  private let memory: Duration
  private let state = Mutex(State())

  /// - Parameters:
  ///   - mostKnown: how many addresses are remembered at most, so that they cannot fill the memory.
  ///   - memory: how long an address is remembered.
  package init(mostKnown: Int = 20_000, memory: Duration = .seconds(86_400)) {
    self.mostKnown = mostKnown
    self.memory = memory
  }

  package var counts: Counts { state.withLock { $0.counts } }

  /// Remembers an address whose client has proved who it is: it may use the reserved connections.
  package func remember(_ client: String, now: ContinuousClock.Instant = .now) {
    state.withLock { state in
      if state.known[client] == nil, state.known.count >= mostKnown {
        state.known = state.known.filter { $0.value > now }
        // Still full: the new address is not remembered, which costs it only the reserve.
        guard state.known.count < mostKnown else { return }
      }
      state.known[client] = now + memory
    }
  }

  func knows(_ client: String, now: ContinuousClock.Instant = .now) -> Bool {
    state.withLock { ($0.known[client] ?? now) > now }
  }

  func count(_ change: (inout Counts) -> Void) { state.withLock { change(&$0.counts) } }
}
