import Etcd
import Segmentation

/// Takes back one change of the history.
package enum Undo {
  /// Computes what takes a change back now.
  /// - Parameter number: Of the change; nil for the last one of the file.
  /// - Throws: ``UndoRefusal``, ``RecordOverlap``, ``EtcdError``.
  package static func plan(
    _ number: Int?, _ goal: ApplyGoal, _ survey: Survey, _ etcd: EtcdClient,
    progress: @Sendable (String) -> Void = { _ in }
  ) async throws -> (state: ClusterState, undo: UndoPlan) {
    let history = try await History.read(etcd)
    let entry: HistoryEntry
    if let number {
      guard let found = history[number] else {
        throw UndoRefusal.unknownNumber(number, known: history.entries.map(\.number))
      }
      guard found.owner == goal.owner else { throw UndoRefusal.ofAnotherFile(number, found.owner) }
      entry = found
    } else {
      guard let last = history.entries.last(where: { $0.owner == goal.owner }) else {
        throw UndoRefusal.noHistory
      }
      entry = last
    }
    guard entry.isComplete else { throw UndoRefusal.incomplete(entry.number) }
    let data = try await History.undoData(of: entry, etcd)
    let claim = try goal.claim(survey.records)
    let state = try await ClusterState.observe(
      etcd, tryingPasswords: false, authEnabled: survey.authEnabled, progress: progress)
    return (state, try UndoPlan(entry, data, from: state, goal, claim))
  }
}

extension UndoPlan {
  /// The same for a run.
  /// - Parameter state: The users and roles now.
  package func work(from state: ClusterState) -> RecordedRun.Work {
    RecordedRun.Work(plan: plan, state: state, desired: desired, managed: managedAfter)
  }
}
