import Errors
import Etcd
import Segmentation

/// How long the members' counts of refused requests are watched after a step that may lock out a client, and what they
/// are expected to refuse.
package struct WatchRequest: Hashable, Sendable {
  package let duration: Duration
  /// Refusals that are no lock-out.
  package let known: [KnownRefusal]

  package init(for duration: Duration, known: [KnownRefusal] = []) {
    self.duration = duration
    self.known = known
  }
}

/// What the members' counts showed in a time.
package struct RefusalReport: Hashable, Sendable {
  package let duration: Duration
  /// One for each member; a second one for a member that refused requests without a user name.
  package let changes: [RefusalChange]
  /// Those among the known refusals that may account for some of the requests.
  package let known: [KnownRefusal]
  /// Whether more requests were refused than known refusals account for.
  package let isLockOut: Bool

  /// Judges counts by method. A count cannot tell who sent a request: a method's requests are taken for known ones up to
  /// the number that these can be.
  init(
    _ duration: Duration, denied: [RefusalChange], nameless: [RefusalChange], known: [KnownRefusal]
  ) {
    self.duration = duration
    changes = denied + nameless.filter { ($0.increase ?? 0) > 0 }
    let methods = denied.methods
    let seconds = duration / .seconds(1)
    var isExplained = nameless.methods.isEmpty
    for (method, count) in methods {
      let own = known.filter { $0.method == method }
      // Counts are read some time after the period has begun.
      let most = own.reduce(0) { $0 + $1.atOnce + Int($1.perSecond * (seconds + 5)) }
      if count > most { isExplained = false }
    }
    isLockOut = !isExplained
    self.known = known.filter { methods[$0.method] != nil }
  }

  /// How many requests were refused, at the members that are known.
  package var refused: Int { changes.compactMap(\.increase).reduce(0, +) }
  /// The members whose counts are unknown, and why.
  package var unknown: [RefusalChange] { changes.filter { $0.increase == nil } }
}

/// Reads the members' counts each second.
struct RefusalWatch: Sendable {
  let refusals: Refusals
  let request: WatchRequest
  /// Before the step.
  let denied: Refusals.Readings
  /// After the step, which itself may refuse requests without a user name that were in flight.
  let nameless: Refusals.Readings
  let started: ContinuousClock.Instant

  /// Ends with the time, or as soon as the counts show a lock-out.
  /// - Throws: `CancellationError`.
  func run(_ progress: @Sendable (String) -> Void) async throws -> RefusalReport {
    let seconds = request.duration.components.seconds
    while true {
      let left = request.duration - (ContinuousClock.now - started)
      progress(
        "counting refused requests for \(seconds) s, of which \(max(0, left.components.seconds)) are left")
      try await Task.sleep(for: max(.milliseconds(100), min(.seconds(1), left)))
      let now = await refusals.read()
      let time = ContinuousClock.now - started
      let report = RefusalReport(
        time, denied: refusals.changes(.denied, from: denied, to: now),
        nameless: refusals.changes(.nameless, from: nameless, to: now), known: request.known)
      if report.isLockOut || time >= request.duration { return report }
    }
  }
}

/// The watch was interrupted.
package struct WatchInterrupted: ExplainedError, Sendable {
  package let description =
    "interrupted while refused requests were counted: authentication is on, and stays on"
  package let hint: String? =
    "whether clients are refused is unknown: see grpc_server_handled_total with grpc_code=\"PermissionDenied\" in "
    + "each member's /metrics; 'etcdctl auth disable' turns authentication off"
}
