import HTTP
import Synchronization

/// Rate limits: for each client address, for each /64 network of IPv6, and for all together.
final class RateLimit: Sendable {
  private struct State {
    var all: TokenBucket
    /// By address, and by network for IPv6.
    var clients: [String: TokenBucket] = [:]
  }

  /// Addresses beyond this number share one limit, so that they cannot fill the memory.
  private static let mostClients = 20_000
  /// How many times the rate of an address a /64 network has. One host can use all addresses of a network, but the
  /// nodes of a cluster may also share one.
  private static let networkShare = 16.0

  private let rate: Double
  private let burst: Double
  private let state: Mutex<State>

  /// - Parameters:
  ///   - rate: how many a second from one address on average.
  ///   - burst: how many at once from one address after a pause.
  ///   - total: how many a second in all on average.
  ///   - totalBurst: how many at once in all after a pause.
  init(
    rate: Double, burst: Double, total: Double, totalBurst: Double, now: ContinuousClock.Instant = .now
  ) {
    self.rate = rate
    self.burst = burst
    state = Mutex(State(all: TokenBucket(rate: total, size: totalBurst, now: now)))
  }

  /// The limits for requests.
  convenience init(_ limits: AuthoritySettings.Limits, now: ContinuousClock.Instant = .now) {
    self.init(
      rate: limits.ratePerClient, burst: limits.ratePerClient * 10, total: limits.rate,
      totalBurst: limits.rate * 2, now: now)
  }

  /// - Throws: ``Refusal`` with the status 429.
  func admit(
    _ client: String, network: String? = nil, now: ContinuousClock.Instant = .now
  ) throws(Refusal) {
    guard let wait = take(client, network: network, now: now) else { return }
    throw Refusal(
      .tooManyRequests, "too many requests", hint: "ask again later",
      retryAfter: Int(wait.rounded(.up)))
  }

  /// Takes one from each limit.
  /// - Returns: nil, or the seconds after which a retry may succeed.
  func take(_ client: String, network: String? = nil, now: ContinuousClock.Instant = .now) -> Double? {
    state.withLock { state in
      // A request that exceeds the client's own limit does not count against the others.
      Self.take(client, rate, burst, &state, now: now)
        ?? network.flatMap {
          Self.take($0, rate * Self.networkShare, burst * Self.networkShare, &state, now: now)
        } ?? state.all.take(now: now)
    }
  }

  private static func take(
    _ name: String, _ rate: Double, _ burst: Double, _ state: inout State, now: ContinuousClock.Instant
  ) -> Double? {
    if state.clients.count >= mostClients, state.clients[name] == nil {
      state.clients = state.clients.filter {
        var bucket = $0.value
        return !bucket.isFull(now: now)
      }
    }
    let key = state.clients.count < mostClients || state.clients[name] != nil ? name : ""
    var own = state.clients[key] ?? TokenBucket(rate: rate, size: burst, now: now)
    defer { state.clients[key] = own }
    return own.take(now: now)
  }
}
