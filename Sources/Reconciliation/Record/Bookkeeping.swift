import Etcd
import Keyspace
import Synchronization
import Text

/// Keeps the record up to date with what is applied.
package struct Bookkeeping: Sendable {
  private final class Last: Sendable {
    private let record = Mutex<Record?>(nil)

    func withLock<Value>(_ body: (inout Record?) -> Value) -> Value { record.withLock { body(&$0) } }
  }

  private let lock: ClusterLock
  private let goal: ApplyGoal
  private let records: Records
  /// The records as they were read under the lock.
  private let claim: Records.Claim
  private let authEnabled: Bool
  /// Whether clients that are no administrators may have written the records.
  private let isDoubtful: Bool
  /// Whether only administrators can write the records now.
  private let isProven: Bool
  /// The record that was written last.
  private let last = Last()
  private let bulkhead: String
  /// The keys of access whose time is over, deleted when the plan is made.
  private let endedAccess: [Key]

  /// - Parameters:
  ///   - state: the users and roles, as they were read with the records.
  ///   - bulkhead: Bulkhead's version.
  /// - Throws: ``RecordOverlap``.
  package init(
    _ survey: Survey, _ state: ClusterState, _ goal: ApplyGoal, _ lock: ClusterLock, bulkhead: String
  ) throws {
    self.lock = lock
    self.goal = goal
    records = survey.records
    claim = try goal.claim(survey.records)
    authEnabled = survey.authEnabled
    isProven = state.recordDoubt == nil
    isDoubtful = !isProven || claim.doubt != nil
    self.bulkhead = bulkhead
    endedAccess = survey.endedAccess(of: goal.owner).map(\.key)
  }

  /// Called before the first change. The names of users and roles are in the record before they are created,
  /// so that a killed process leaves nothing behind that the record does not list. The write is completed
  /// despite an interruption.
  /// - Parameter leaving: Users whose access is taken away after the plan.
  package func begin(_ plan: Plan, leaving: [Record.LeavingUser] = []) async throws {
    let during = Record(
      owner: goal.owner, managed: managed(during: plan), leaving: leaving, isProven: isProven)
    guard !plan.isEmpty || !leaving.isEmpty, during != claim.own || !claim.takenOver.isEmpty else { return }
    try await write(during)
  }

  /// Called after the last change.
  /// - Parameter authRevision: The revision at which the users and roles are as the plan left them; nil if
  ///   unknown.
  package func finish(_ plan: Plan, authRevision: Int64?) async throws {
    let after = Record(
      owner: goal.owner, managed: managed(after: plan),
      applied: Record.Applied(
        file: goal.file, wanted: goal.wanted,
        // Without a revision the next plan reads all users again, and reports them again.
        authRevision: plan.needsAttention ? nil : authRevision,
        leftAlone: plan.drift.count(where: \.isLeft), bulkhead: bulkhead,
        // While authentication is off passwords cannot be tried.
        passwords: authEnabled ? try goal.onlyPasswords.map(PasswordDigest.init) : nil),
      isProven: isProven)
    guard
      !plan.isEmpty || after != claim.own || !claim.takenOver.isEmpty || !records.hasMarker
        || !endedAccess.isEmpty
    else { return }
    try await write(after, deleting: endedAccess)
  }

  /// Called when access is taken away for good or was given back, if nothing is recorded as applied.
  package func endLeaving(_ plan: Plan) async throws {
    try await write(Record(owner: goal.owner, managed: managed(during: plan), isProven: isProven))
  }

  /// Called when authentication was turned on: writes again what this run has written last, and deletes what only a
  /// client can have written that is no administrator. Until then each client could write all of it.
  package func confirm(_ plan: Plan, _ etcd: EtcdClient) async throws -> DroppedEntries {
    var record = last.withLock { $0 } ?? Record(owner: goal.owner, managed: managed(during: plan))
    record.isProven = true
    try await write(record)
    return try await dropUnproven(etcd)
  }

  /// Deletes the history, the access of people that ends and records that no file can have, takes the interrupted
  /// removals out of the records of other files, and says in these that any client could write them: until their files
  /// are applied again, the users in them count.
  private func dropUnproven(_ etcd: EtcdClient) async throws -> DroppedEntries {
    let (history, people) = (
      try await etcd.keys(in: OwnKeys.history), try await etcd.keys(in: OwnKeys.people)
    )
    var deletions = history + people
    deletions += try await etcd.keys(in: OwnKeys.undoData)
    var dropped = DroppedEntries(history: history.count, people: people.count)
    for entry in try await etcd.entries(in: OwnKeys.records) where entry.key != goal.owner.key {
      guard var record = try? Record(entry.value) else { continue }
      guard record.owner?.key == entry.key else {
        // Bulkhead writes none there.
        deletions.append(entry.key)
        dropped.strayRecords += 1
        continue
      }
      if !record.leaving.isEmpty { dropped.removals += 1 }
      dropped.otherFiles.append(record.owner.map(\.description) ?? "")
      (record.leaving, record.isProven) = ([], false)
      try await lock.put(try record.bytes, at: entry.key)
    }
    // etcd accepts up to 128 operations in a transaction (`--max-txn-ops`).
    for start in stride(from: 0, to: deletions.count, by: 100) {
      try await lock.write([], deleting: Array(deletions[start..<min(start + 100, deletions.count)]))
    }
    return dropped
  }

  /// What the file manages until the plan is made. A name that only the record has may be forged, so that a later plan
  /// deletes a user or role of others. So it is carried on only if no other client may have written the record, or if
  /// this plan deletes it, which was confirmed.
  private func managed(during plan: Plan) -> Managed {
    guard isDoubtful else { return claim.managed.union(plan.managed) }
    let deleted = plan.changes.reduce(into: Managed()) { deleted, change in
      switch change {
      case .deleteUser(let name): deleted.users.insert(name)
      case .deleteRole(let name): deleted.roles.insert(name)
      default: break
      }
    }
    return managed(after: plan).union(claim.managed.intersection(deleted))
  }

  private func managed(after plan: Plan) -> Managed {
    guard isDoubtful else { return plan.managed }
    let named = Managed(
      users: Set(goal.desired.users.map(\.name)), roles: Set(goal.desired.roles.map(\.name)))
    return plan.managed.intersection(named)
  }

  /// Writes the file's record, and deletes those that it takes over, on the condition that the lock is held.
  /// - Parameter keys: Deleted too.
  private func write(_ record: Record, deleting keys: [Key] = []) async throws {
    let bytes = try record.bytes
    var writes = [(key: goal.owner.key, value: bytes)]
    // A record of format 1 that belongs to another file stays until that file is applied.
    if !claim.others.contains(where: { $0.owner == nil }) { writes.append((OwnKeys.record, Record.marker)) }
    let deletions = claim.takenOver.compactMap { $0.owner?.key } + keys
    try await Task { [writes] in try await lock.write(writes, deleting: deletions) }.value
    last.withLock { $0 = record }
  }
}

/// How much of Bulkhead's own entries was dropped when authentication was turned on.
package struct DroppedEntries: Hashable, Sendable {
  /// Changes in the history.
  var history = 0
  /// Access of people that ends.
  var people = 0
  /// Records of other files with users whose access is to be given back.
  var removals = 0
  /// Records at keys that are not those of their files.
  var strayRecords = 0
  /// The other files that have a record, in words: what it says counts again when the file is applied.
  var otherFiles: [String] = []

  /// The same without changes that were recorded again.
  func without(history recorded: Int) -> DroppedEntries {
    var dropped = self
    dropped.history = max(0, history - recorded)
    return dropped
  }

  /// A sentence for people; nil if nothing was dropped.
  var words: String? {
    let parts = [
      history == 0 ? nil : "the history (\(history))",
      people == 0 ? nil : "access of people that ends (\(people); their users stay: see 'bulkhead plan')",
      removals == 0 ? nil : "interrupted removals in records of other files (\(removals))",
      strayRecords == 0 ? nil : "records that no file can have (\(strayRecords))",
    ].compactMap { $0 }
    let others =
      otherFiles.isEmpty
      ? nil
      : "before authentication was on any client could write the record of \(visible(otherFiles.joined(separator: ", "))): "
        + "users that only it lists count as users of no file until that file is applied again"
    guard !parts.isEmpty else { return others }
    return
      ([
        "dropped, because before authentication was on any client could write it: "
          + parts.joined(separator: ", ")
      ] + [others].compactMap { $0 }).joined(separator: "; ")
  }
}

extension Survey {
  /// The auth revision after a plan; nil if another client changed users or roles since this survey. Each
  /// change increases the revision by one.
  package func authRevision(
    after plan: Plan, of etcd: EtcdClient, as credentials: ClientCredentials
  ) async -> Int64? {
    guard let before = authRevision else { return nil }
    // The metrics of a member may be slightly behind the last write.
    for _ in 1...10 {
      guard case .same(let now) = await members.authRevision(etcd, as: credentials) else { return nil }
      if now == before + Int64(plan.changes.count) { return now }
      if now > before + Int64(plan.changes.count) { return nil }
      try? await Task.sleep(for: .milliseconds(200))
    }
    return nil
  }
}
