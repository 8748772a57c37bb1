import Certificates
import Etcd
import Reconciliation
import Release
import Reporting
import Terminal
import Text

extension Workspace {
  /// A change beside `apply` that the history records.
  /// - Parameter number: The change that it takes back; nil if it takes none back.
  func recordedRun(
    _ kind: HistoryEntry.Kind, undoing number: Int? = nil, _ etcd: EtcdClient, _ lock: ClusterLock
  ) throws -> RecordedRun {
    RecordedRun(
      etcd, as: try administrator, lock: lock, version: Version.current,
      origin: HistoryOrigin(kind, by: .thisProcess, source: source, undoes: number),
      note: { Console.note("note: \($0)") }, applying: { Console.progress($0.words) },
      password: passwords.make)
  }
}

extension Console {
  /// Shows a plan and asks whether to carry it out. The question names the users that become administrators.
  static func confirm(_ plan: Plan, _ question: String, showing report: some TextReport) throws {
    note(report.text(errorStyle))
    let names = plan.newAdministrators
    let root =
      names.isEmpty ? "" : "The role root goes to \(names.map { quoted($0) }.joined(separator: ", ")). "
    guard confirms(root + question) else {
      throw CommandError(
        "nothing was changed", hint: "'--plan' shows the steps; to make them without being asked, add --yes")
    }
  }
}
