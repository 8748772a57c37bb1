import FoundationEssentials
import Synchronization

/// Counters since the start of the server, in the text format of Prometheus.
final class ServerMetrics: Sendable {
  /// The values at the time of the scrape.
  struct Gauges {
    let isReady: Bool
    let isFileCurrent: Bool
    let waiting: Int
    let authorityEnds: Date
    let certificateEnds: Date
    let certificateDue: Date?
  }

  private struct State {
    /// By method and result.
    var requests: [[String]: Int] = [:]
    var duration = Histogram()
  }

  private let state = Mutex(State())

  /// - Parameters:
  ///   - method: as in the audit log.
  ///   - result: `issued`, `renewed`, `refused`, `limited` or `failed`.
  func count(method: String?, result: String, seconds: Double) {
    state.withLock {
      $0.requests[[method ?? "none", result], default: 0] += 1
      $0.duration.observe(seconds)
    }
  }

  func text(_ gauges: Gauges) -> String {
    let (requests, duration) = state.withLock { ($0.requests, $0.duration) }
    func gauge(_ name: String, _ help: String, _ values: [String]) -> [String] {
      ["# HELP bulkhead_authority_\(name) \(help)", "# TYPE bulkhead_authority_\(name) gauge"]
        + values.map { "bulkhead_authority_\(name)\($0)" }
    }
    let ends = [("authority", gauges.authorityEnds), ("server", gauges.certificateEnds)]
    var lines = gauge("ready_status", "Whether certificates can be issued.", [" \(gauges.isReady ? 1 : 0)"])
    lines += gauge(
      "file_current_status", "Whether the files on the disk are those in force.",
      [" \(gauges.isFileCurrent ? 1 : 0)"])
    lines += gauge(
      "certificate_expiration_timestamp_seconds", "When a certificate ends.",
      ends.map { "{certificate=\"\($0)\"} \(Int($1.timeIntervalSince1970))" })
    if let due = gauges.certificateDue {
      lines += gauge(
        "certificate_renewal_timestamp_seconds", "When a certificate is due for renewal.",
        ["{certificate=\"server\"} \(Int(due.timeIntervalSince1970))"])
    }
    lines += gauge("waiting_requests", "Requests that wait for the ledger.", [" \(gauges.waiting)"])
    lines += [
      "# HELP bulkhead_authority_requests_total Requests for a certificate, by their result.",
      "# TYPE bulkhead_authority_requests_total counter",
    ]
    lines += requests.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
      "bulkhead_authority_requests_total{method=\"\($0.key[0])\",result=\"\($0.key[1])\"} \($0.value)"
    }
    lines += [
      "# HELP bulkhead_authority_request_duration_seconds How long requests for a certificate took.",
      "# TYPE bulkhead_authority_request_duration_seconds histogram",
    ]
    lines += duration.lines("bulkhead_authority_request_duration_seconds")
    return lines.joined(separator: "\n") + "\n"
  }
}
