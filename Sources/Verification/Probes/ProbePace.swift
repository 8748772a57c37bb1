import Etcd
import Synchronization

/// How fast probes are sent: at most so many a second, and fewer at a time while the cluster is slow.
package final class ProbePace: Sendable {
  /// How many requests are in flight at most.
  static let largest = 32
  /// An answer that takes longer shows an overloaded cluster: other clients wait as long.
  static let suffering: Duration = .seconds(1)

  private struct State {
    var limit = Double(ProbePace.largest)
    var next = ContinuousClock.now
    var sent = 0
  }
  private let state = Mutex(State())
  /// The time from one request to the next; nil for no limit.
  private let interval: Duration?

  /// - Parameter rate: Requests a second at most; nil for no limit.
  package init(rate: Int? = nil) {
    interval = rate.map { .seconds(1) / max($0, 1) }
  }

  /// How many requests were sent.
  package var sent: Int { state.withLock { $0.sent } }

  /// How many requests may be in flight now.
  var limit: Int { state.withLock { max(1, Int($0.limit)) } }

  /// Waits until the next request may be sent.
  func turn() async {
    let now = ContinuousClock.now
    let start = state.withLock { state in
      state.sent += 1
      guard let interval else { return now }
      let start = max(now, state.next)
      state.next = start + interval
      return start
    }
    if start > now { try? await Task.sleep(until: start) }
  }

  /// Halves the number in flight after an answer that shows an overloaded cluster, and else increases it
  /// slowly.
  func answered(_ answer: Answer, after time: Duration) {
    var isOverloaded = time > Self.suffering
    if case .inconclusive(let error) = answer, [.overloaded, .deadlineExceeded].contains(error.code) {
      isOverloaded = true
    }
    state.withLock { state in
      state.limit =
        isOverloaded
        ? max(1, state.limit / 2) : min(Double(Self.largest), state.limit + 1 / state.limit)
    }
  }
}
