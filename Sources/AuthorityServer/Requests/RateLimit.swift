import HTTP
import Synchronization

/// Rate limits: for each client address, and for all together.
final class RateLimit: Sendable {
  private struct State {
    var all: TokenBucket
    var clients: [String: TokenBucket] = [:]
  }

  /// Addresses beyond this number share one limit, so that they cannot fill the memory.
  private static let mostClients = 20_000

  private let rate: Double
  private let state: Mutex<State>

  init(_ limits: AuthoritySettings.Limits, now: ContinuousClock.Instant = .now) {
    rate = limits.ratePerClient
    state = Mutex(State(all: TokenBucket(rate: limits.rate, size: limits.rate * 2, now: now)))
  }

  /// - Throws: ``Refusal`` with the status 429.
  func admit(_ client: String, now: ContinuousClock.Instant = .now) throws(Refusal) {
    let wait = state.withLock { state in
      if state.clients.count >= Self.mostClients, state.clients[client] == nil {
        state.clients = state.clients.filter {
          var bucket = $0.value
          return !bucket.isFull(now: now)
        }
      }
      let key = state.clients.count < Self.mostClients || state.clients[client] != nil ? client : ""
      // A request that exceeds the client's own limit does not count against the total.
      var own = state.clients[key] ?? TokenBucket(rate: rate, size: rate * 10, now: now)
      defer { state.clients[key] = own }
      return own.take(now: now) ?? state.all.take(now: now)
    }
    guard let wait else { return }
    throw Refusal(
      .tooManyRequests, "too many requests", hint: "ask again later",
      retryAfter: Int(wait.rounded(.up)))
  }
}
