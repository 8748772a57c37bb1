import FoundationEssentials
import Reconciliation

/// A report on a cluster, with the process that changed its users and roles meanwhile, if any: the report may
/// then show half of its changes.
package struct LockedReport<Report: TextReport>: TextReport {
  let report: Report
  let lock: LockStatus?

  package init(_ report: Report, _ lock: LockStatus?) {
    self.report = report
    self.lock = lock
  }

  package func text(_ style: Style) -> String { textOfPieces(style) }

  package func write(_ style: Style, to out: (String) -> Void) {
    if let lock {
      out("\(style.bad("!")) \(lock.who) \(lock.does)")
      out("  \(style.faint(lock.meaning))\n")
    }
    report.write(style, to: out)
  }

  private enum CodingKeys: CodingKey { case lock }

  private struct Lock: Encodable {
    let host: String?
    let process: Int32?
    let user: String?
    let since: Date?
    let state: String
    let freeInSeconds: Int64?
  }

  /// The fields of the report itself, and `lock` beside them if the lock is held.
  package func encode(to encoder: any Encoder) throws {
    try report.encode(to: encoder)
    guard let lock else { return }
    var fields = encoder.container(keyedBy: CodingKeys.self)
    let holder = lock.holder
    try fields.encode(
      Lock(
        host: holder?.host, process: holder?.process, user: holder?.user, since: holder?.since,
        state: lock.state, freeInSeconds: lock.freeInSeconds),
      forKey: .lock)
  }
}

extension LockStatus {
  fileprivate var who: String { holder.map { "\($0)," } ?? "an unnamed process" }

  fileprivate var does: String {
    switch standing {
    case .renewed, .endless: "is changing this cluster's users and roles now"
    case .silent: "was changing this cluster's users and roles, and does not answer any more"
    case .ended: "changed this cluster's users and roles while they were read, and has finished"
    }
  }

  fileprivate var meaning: String {
    switch standing {
    case .renewed: "the plan below may be incomplete: wait until it has finished, and plan again"
    case .ended: "the plan below may be incomplete: plan again"
    case .silent(let freeIn):
      "killed, paused or disconnected; unless it continues, the lock is free in about \(freeIn.components.seconds) s, and the plan below is left to do"
    case .endless:
      "the lock has no lease, so it does not expire: if no bulkhead is running, 'etcdctl del \(OwnKeys.lock)'"
    }
  }

  fileprivate var state: String {
    switch standing {
    case .renewed: "held"
    case .silent: "unresponsive"
    case .endless: "held without a lease"
    case .ended: "finished"
    }
  }

  fileprivate var freeInSeconds: Int64? {
    if case .silent(let freeIn) = standing { freeIn.components.seconds } else { nil }
  }
}
