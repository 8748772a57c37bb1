import FoundationEssentials
import Synchronization
import Text

/// The metrics of `bulkhead watch`, as Prometheus names them: times as timestamps, in seconds, and states as 0 or 1.
package final class WatchMetrics: Sendable {
  private struct Values {
    var state: WatchState?
    var certificates: [(name: String, notAfter: Date)] = []
    var lastLook: Date?
    var lastSuccess: Date?
    var duration = 0.0
    var looks: [String: Int] = ["success": 0, "failure": 0]
    var fullReads = 0
  }

  private let values = Mutex(Values())
  private let started = Date()

  package init() {}

  /// Records a look.
  /// - Parameters:
  ///   - state: If it has a problem, the values of the last look that succeeded stay.
  ///   - readAll: Whether all users and roles were read.
  package func show(_ state: WatchState, at moment: Date, seconds: Double, readAll: Bool) {
    values.withLock { values in
      values.lastLook = moment
      values.duration = seconds
      values.looks[state.problem == nil ? "success" : "failure", default: 0] += 1
      if readAll { values.fullReads += 1 }
      guard state.problem == nil else { return }
      values.state = state
      values.lastSuccess = moment
    }
  }

  /// - Parameter certificates: Those that end first.
  package func show(certificates: [(name: String, notAfter: Date)]) {
    values.withLock { $0.certificates = certificates }
  }

  /// Whether looks are still made.
  package func isLive(within limit: Double, now: Date) -> Bool {
    abs(now.timeIntervalSince(values.withLock(\.lastLook) ?? started)) < limit
  }

  package var hasLooked: Bool { values.withLock { $0.lastLook != nil } }

  /// Every metric, with made-up values, for the reference; those in capitals stand for names.
  package static func example(at moment: Date) -> String {
    var state = WatchState(cluster: "NAME")
    (state.authEnabled, state.drift) = (true, [.init(kind: "KIND", corrected: 0, left: 0)])
    state.members = [.init(name: "NAME", reach: .reachable, version: nil)]
    state.alarms = [.init(member: "NAME", kind: "NOSPACE")]
    state.proof = .init(at: moment, isInForce: true)
    let metrics = WatchMetrics()
    metrics.show(state, at: moment, seconds: 0.5, readAll: true)
    metrics.show(certificates: [(name: "NAME", notAfter: moment)])
    return metrics.text()
  }

  package func text() -> String {
    let values = values.withLock { $0 }
    var metrics = PrometheusText()
    let cluster = [(name: "cluster", value: values.state?.cluster ?? "")]
    func add(_ name: String, _ help: String, _ samples: [PrometheusText.Sample]) {
      metrics.add("bulkhead_\(name)", .gauge, help, samples)
    }
    func addCounter(_ name: String, _ help: String, _ samples: [PrometheusText.Sample]) {
      metrics.add("bulkhead_\(name)", .counter, help, samples)
    }
    addCounter(
      "watch_looks_total", "Looks at the cluster by result.",
      values.looks.sorted { $0.key < $1.key }.map { .init($0.value, [("result", $0.key)]) })
    addCounter(
      "watch_full_reads_total", "Looks that read all users and roles, because something had changed.",
      [.init(values.fullReads)])
    add("watch_look_duration_seconds", "How long the last look took.", [.init(values.duration)])
    func time(_ name: String, _ help: String, _ date: Date?) {
      guard let date else { return }
      add(name, help, [.init(Int(date.timeIntervalSince1970))])
    }
    time("watch_last_look_timestamp_seconds", "When the last look ended.", values.lastLook)
    time(
      "watch_last_success_timestamp_seconds",
      "When the last look ended that succeeded. The metrics of the cluster are of that moment.",
      values.lastSuccess)
    if !values.certificates.isEmpty {
      add(
        "certificate_expiration_timestamp_seconds", "When a certificate expires; those that expire first.",
        values.certificates.map { .init(Int($0.notAfter.timeIntervalSince1970), [("certificate", $0.name)]) })
    }
    guard let state = values.state else { return metrics.text }
    add(
      "authentication_enabled", "1 if etcd's authentication is on.",
      state.authEnabled.map { [.init($0 ? 1 : 0, cluster)] } ?? [])
    add(
      "drift", "Differences between etcd and the file by kind; left is 1 for those that apply leaves.",
      state.drift.flatMap { drift -> [PrometheusText.Sample] in
        [
          .init(drift.corrected, cluster + [("kind", drift.kind), ("left", "0")]),
          .init(drift.left, cluster + [("kind", drift.kind), ("left", "1")]),
        ]
      })
    add("pending_changes", "Changes that apply would make.", [.init(state.changes, cluster)])
    add(
      "attention_users",
      "Differences that apply leaves and that give more access than the file does, or a password.",
      [.init(state.needsAttention.count, cluster)])
    add(
      "members", "Members of etcd by whether they answer.",
      [WatchState.Member.Reach.reachable, .unreachable, .learner].map { reach in
        PrometheusText.Sample(
          state.members.count { $0.reach == reach }, cluster + [("reach", reach.rawValue)])
      })
    add(
      "members_disagree", "1 if the members do not hold the same users, roles or keys.",
      [.init(state.disagreement == nil ? 0 : 1, cluster)])
    add(
      "alarms", "Active alarms of etcd.",
      state.alarms.isEmpty
        ? [.init(0, cluster)]
        : state.alarms.map { .init(1, cluster + [("member", $0.member), ("kind", $0.kind)]) })
    add(
      "vulnerabilities", "Known vulnerabilities of the members' releases by what they allow.",
      ["access", "availability", "disclosure"].map { kind in
        PrometheusText.Sample(
          state.vulnerabilities.count { $0.kind == kind }, cluster + [("kind", kind)])
      })
    add(
      "temporary_access", "People with access that ends; over is 1 where its time is over.",
      [
        .init(state.temporaryAccess.count { !$0.isOver }, cluster + [("over", "0")]),
        .init(state.temporaryAccess.count { $0.isOver }, cluster + [("over", "1")]),
      ])
    if let proof = state.proof {
      add(
        "verify_in_force", "1 if the last verify found the segmentation in force on every member.",
        [.init(proof.isInForce ? 1 : 0, cluster)])
      add(
        "verify_timestamp_seconds", "When the last verify ended.",
        [.init(Int(proof.at.timeIntervalSince1970), cluster)])
    }
    return metrics.text
  }
}
