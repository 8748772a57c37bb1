import FoundationEssentials
import HTTP
import Synchronization
import Text

/// Counters since the start of the server, in the text format of Prometheus.
final class ServerMetrics: Sendable {
  /// The values at the time of the scrape.
  struct Gauges {
    let isReady: Bool
    let isFileCurrent: Bool
    let waiting: Int
    /// Nil if the signer does not answer.
    let authorityEnds: Date?
    let certificateEnds: Date?
    let certificateDue: Date?
    /// How long ago the cluster's keys were read; nil if none are known.
    let clusterKeysAge: Duration?
    let connections: Admission.Counts
    /// Refusals that the audit log has only in sums.
    let summedRefusals: Int
    let isAuditWritable: Bool
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

  /// Every metric, with made-up values, for the reference.
  static func example(at moment: Date) -> String {
    let metrics = ServerMetrics()
    let results = ["issued", "renewed", "refused", "limited", "failed"]
    for (number, method) in ["token", "service-account", "certificate", "none", "none"].enumerated() {
      metrics.count(method: method, result: results[number], seconds: 0.1)
    }
    return metrics.text(
      Gauges(
        isReady: true, isFileCurrent: true, waiting: 0, authorityEnds: moment, certificateEnds: moment,
        certificateDue: moment, clusterKeysAge: .zero, connections: Admission.Counts(), summedRefusals: 0,
        isAuditWritable: true))
  }

  func text(_ gauges: Gauges) -> String {
    let (requests, duration) = state.withLock { ($0.requests, $0.duration) }
    func time(_ certificate: String, _ date: Date) -> PrometheusText.Sample {
      .init(Int(date.timeIntervalSince1970), [("certificate", certificate)])
    }
    var metrics = PrometheusText()
    func add(
      _ name: String, _ kind: PrometheusText.Kind, _ help: String, _ samples: [PrometheusText.Sample]
    ) {
      metrics.add("bulkhead_authority_\(name)", kind, help, samples)
    }
    add("ready_status", .gauge, "1 if certificates can be issued.", [.init(gauges.isReady ? 1 : 0)])
    add(
      "file_current_status", .gauge, "1 if the server uses the files as they are on the disk.",
      [.init(gauges.isFileCurrent ? 1 : 0)])
    add(
      "certificate_expiration_timestamp_seconds", .gauge, "When a certificate expires.",
      [("authority", gauges.authorityEnds), ("server", gauges.certificateEnds)].compactMap { name, date in
        date.map { time(name, $0) }
      })
    if let due = gauges.certificateDue {
      add(
        "certificate_renewal_timestamp_seconds", .gauge, "When a certificate is due for renewal.",
        [time("server", due)])
    }
    add("waiting_requests", .gauge, "Requests that wait for the ledger.", [.init(gauges.waiting)])
    add(
      "requests_total", .counter, "Requests for a certificate, by their result.",
      requests.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
        .init($0.value, [("method", $0.key[0]), ("result", $0.key[1])])
      })
    add(
      "request_duration_seconds", .histogram, "How long requests for a certificate took.", duration.samples)
    if let age = gauges.clusterKeysAge {
      add(
        "cluster_keys_age_seconds", .gauge,
        "Time since the cluster's keys were read; after an hour they are no longer trusted.",
        [.init(Int(age.components.seconds))])
    }
    add(
      "audit_writable_status", .gauge, "1 if the newest decisions are in the audit log.",
      [.init(gauges.isAuditWritable ? 1 : 0)])
    add("connections", .gauge, "Open connections.", [.init(gauges.connections.open)])
    add(
      "connections_refused_total", .counter,
      "Connections closed over a limit: of one client, in total, or to make room for another client.",
      [
        ("client", gauges.connections.refusedForClient), ("total", gauges.connections.refusedInAll),
        ("displaced", gauges.connections.displaced),
      ].map { .init($1, [("limit", $0)]) })
    add(
      "audit_summed_refusals_total", .counter, "Refusals that the audit log has only in sums.",
      [.init(gauges.summedRefusals)])
    return metrics.text
  }
}
