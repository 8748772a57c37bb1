import FoundationEssentials
import Synchronization
import Text

/// The results of the last check, for `/live`, `/ready` and `/metrics`.
final class AgentStatus: Sendable {
  private struct State {
    var standings: [AgentStanding] = []
    var shown: Date?
    var counters: [String: (succeeded: Int, failed: Int)] = [:]
  }

  private let state = Mutex(State())

  /// A check of a slow source and a command after a change take minutes together, but less than ten.
  private static let longestRound = 600.0

  func show(_ standings: [AgentStanding], at now: Date) {
    state.withLock { state in
      state.standings = standings
      state.shown = now
      for standing in standings {
        var counter = state.counters[standing.identity] ?? (0, 0)
        if standing.renewed != nil { counter.succeeded += 1 }
        if standing.fault != nil { counter.failed += 1 }
        state.counters[standing.identity] = counter
      }
    }
  }

  /// Whether the agent works: its last check, or its start, was less than ten minutes ago.
  func isLive(started: Date, now: Date) -> Bool {
    abs(now.timeIntervalSince(state.withLock(\.shown) ?? started)) < Self.longestRound
  }

  /// The certificates because of which the agent is not ready; nil before the first check.
  func unready(now: Date) -> [AgentStanding]? {
    state.withLock { state in
      state.shown == nil
        ? nil
        : state.standings.filter {
          // etcd uses a list whose successor is missing as before.
          $0.state == .unusable || $0.kind == .certificate && ($0.notAfter ?? .distantPast) <= now
        }
    }
  }

  /// One standing for each identity, because a metric must not have two samples with one label: where it has several
  /// folders, that of one that is not usable.
  private static func certificates(of all: [AgentStanding]) -> [AgentStanding] {
    var found: [AgentStanding] = []
    for standing in all where standing.kind == .certificate {
      guard let place = found.firstIndex(where: { $0.identity == standing.identity }) else {
        found.append(standing)
        continue
      }
      if standing.state == .unusable { found[place] = standing }
    }
    return found
  }

  /// Metrics, with times as timestamps, as Prometheus recommends.
  func metrics(now: Date) -> String {
    let (all, counters) = state.withLock { ($0.standings, $0.counters) }
    let lists = all.filter { $0.kind == .revocationList }
    let standings = Self.certificates(of: all)
    func label(_ standing: AgentStanding) -> [(name: String, value: String)] {
      [("identity", standing.identity)]
    }
    func times(_ time: KeyPath<AgentStanding, Date?>) -> [PrometheusText.Sample] {
      standings.compactMap { standing in
        standing[keyPath: time].map { .init(Int($0.timeIntervalSince1970), label(standing)) }
      }
    }
    var metrics = PrometheusText()
    metrics.add(
      "bulkhead_agent_certificate_expiration_timestamp_seconds", .gauge, "When the certificate expires.",
      times(\.notAfter))
    metrics.add(
      "bulkhead_agent_certificate_renewal_timestamp_seconds", .gauge, "When the certificate is renewed.",
      times(\.renewal))
    metrics.add(
      "bulkhead_agent_certificate_ready_status", .gauge, "1 if the certificate can be used.",
      standings.map { standing in
        let isReady = standing.state != .unusable && (standing.notAfter ?? .distantPast) > now
        return .init(isReady ? 1 : 0, label(standing))
      })
    metrics.add(
      "bulkhead_agent_renewals_total", .counter, "Renewals by result.",
      standings.flatMap { standing -> [PrometheusText.Sample] in
        let counter = counters[standing.identity] ?? (0, 0)
        return [
          PrometheusText.Sample(counter.succeeded, label(standing) + [("result", "success")]),
          PrometheusText.Sample(counter.failed, label(standing) + [("result", "failure")]),
        ]
      })
    guard let list = lists.first else { return metrics.text }
    func add(_ name: String, _ help: String, _ value: Int?) {
      guard let value else { return }
      metrics.add("bulkhead_agent_revocation_list_\(name)", .gauge, help, [.init(value)])
    }
    add("ready_status", "1 if the revocation list in place can be used.", list.state == .unusable ? 0 : 1)
    add("current_status", "1 if the last request for a newer list succeeded.", list.fault == nil ? 1 : 0)
    add("number", "The number of the list in place.", list.number)
    add(
      "next_update_timestamp_seconds", "When the successor of the list should be there.",
      list.notAfter.map { Int($0.timeIntervalSince1970) })
    return metrics.text
  }
}
