import Etcd
import Segmentation

/// Changes users and roles under the lock by a plan that does not come from the file: to take a change back, to
/// restore an export, to give a person access or to end it. They are recorded in the history like an apply.
package struct RecordedRun: Sendable {
  let etcd: EtcdClient
  let administrator: ClientCredentials
  let lock: ClusterLock
  let version: String
  let origin: HistoryOrigin
  let note: @Sendable (String) -> Void
  let applying: @Sendable (ApplyProgress) -> Void
  let password: @Sendable (_ user: String) throws -> String

  /// What is to be done.
  package struct Work: Sendable {
    package let plan: Plan
    package let state: ClusterState
    let desired: DesiredState
    /// What Bulkhead manages afterwards.
    let managed: Managed
    /// Writes to Bulkhead's own keys before the first change and after the last one.
    var writesBefore: [OwnWrite] = []
    var writesAfter: [OwnWrite] = []
    /// What is done apart from the plan, in words, for the history.
    var words: [String] = []
  }

  /// - Parameters:
  ///   - lock: Held by the caller for the whole run.
  ///   - origin: Who makes the changes and why, for the history.
  ///   - note: Called before the first change with a sentence that concerns all of them.
  ///   - password: The password of a user that logs in with one. It must be on the disk when this returns.
  package init(
    _ etcd: EtcdClient, as administrator: ClientCredentials, lock: ClusterLock, version: String,
    origin: HistoryOrigin, note: @escaping @Sendable (String) -> Void,
    applying: @escaping @Sendable (ApplyProgress) -> Void = { _ in },
    password: @escaping @Sendable (_ user: String) throws -> String = { throw NoPassword(user: $0) }
  ) {
    self.etcd = etcd
    self.administrator = administrator
    self.lock = lock
    self.version = version
    self.origin = origin
    self.note = note
    self.applying = applying
    self.password = password
  }

  /// - Parameters:
  ///   - goal: Of the file.
  ///   - survey: Taken under the lock.
  ///   - confirm: Called before anything is written. Throws to stop the run.
  /// - Throws: ``ApplyError``, ``LockError``, ``EtcdError``; what `confirm` throws.
  package func run(
    _ work: Work, _ goal: ApplyGoal, _ survey: Survey, confirm: (Work) throws -> Void
  ) async throws {
    let claim = try goal.claim(survey.records)
    let history = HistoryWriter(etcd: etcd, lock: lock, origin: origin)
    let changes = work.plan.changes
    let draft = try await history.draft(
      goal, survey, changes: changes, from: work.state, to: work.state.after(changes),
      managed: (claim.managed, work.managed), words: work.words, note: note)
    try confirm(work)
    var goal = goal
    let needsPasswords = changes.contains { if case .addPasswordUser = $0 { true } else { false } }
    if needsPasswords { goal = try goal.withPasswords(password) }
    // A doubt of an earlier record stays until an apply.
    let isProven: Bool? =
      work.state.recordDoubt != nil || claim.doubt != nil ? false : claim.own.map(\.isProven) ?? true
    // Names are in the record before they are created, as in an apply.
    try await write(
      Record(owner: goal.owner, managed: claim.managed.union(work.managed), isProven: isProven), claim,
      work.writesBefore)
    let begun = try await history.begin(draft, bulkhead: version)
    try await Apply(etcd, lock: lock, password: goal.password).run(
      work.plan, desired: work.desired, progress: applying)
    try await write(
      Record(owner: goal.owner, managed: work.managed, isProven: isProven), claim, work.writesAfter)
    try await history.finish(begun)
  }

  /// Without `applied`: the next plan reads all users and roles again.
  private func write(_ record: Record, _ claim: Records.Claim, _ more: [OwnWrite]) async throws {
    var record = record
    record.leaving = claim.own?.leaving ?? []
    guard let owner = record.owner else { return }
    var writes = [(key: owner.key, value: try record.bytes)]
    if !claim.others.contains(where: { $0.owner == nil }) { writes.append((OwnKeys.record, Record.marker)) }
    writes += more.compactMap { write in write.value.map { (write.key, $0) } }
    let deletions = more.filter { $0.value == nil }.map(\.key)
    try await Task { [writes] in try await lock.write(writes, deleting: deletions) }.value
  }
}
