import Cryptography
import Etcd
import FoundationEssentials
import Keyspace
import Text

/// What a change of users and roles is, apart from the changes themselves.
package struct HistoryOrigin: Sendable {
  let kind: HistoryEntry.Kind
  let by: LockOwner
  let source: HistoryEntry.Source
  let undoes: Int?

  package init(
    _ kind: HistoryEntry.Kind, by: LockOwner, source: HistoryEntry.Source, undoes: Int? = nil
  ) {
    self.kind = kind
    self.by = by
    self.source = source
    self.undoes = undoes
  }
}

/// Writes the history while the lock is held: before the first change what takes all of them back, and after the
/// last one that they are complete.
struct HistoryWriter: Sendable {
  let etcd: EtcdClient
  let lock: ClusterLock
  let origin: HistoryOrigin

  /// What will be written, before the changes are confirmed.
  struct Draft: Sendable {
    fileprivate let history: History
    fileprivate let data: UndoData
    fileprivate let interrupted: HistoryEntry?
    fileprivate let changes: [Change]
    fileprivate let goal: ApplyGoal
    fileprivate let authRevision: Int64?
    fileprivate let words: [String]
    /// Why it cannot be taken back; nil if it can.
    let obstacle: String?
  }

  /// An entry that was begun.
  struct Begun: Sendable {
    fileprivate let entry: HistoryEntry
    fileprivate let data: UndoData
  }

  /// Computes what takes the changes back, and whether it can be kept.
  /// - Parameters:
  ///   - before: The users and roles before the changes.
  ///   - after: The same after them.
  ///   - managed: What Bulkhead manages before and after.
  ///   - words: What is done apart from the changes, in words.
  ///   - note: Called with a sentence for people if the changes cannot be taken back.
  /// - Returns: nil if nothing is changed, or nothing can be written.
  /// - Throws: ``EtcdError``, ``LockError``.
  func draft(
    _ goal: ApplyGoal, _ survey: Survey, changes: [Change], from before: ClusterState, to after: ClusterState,
    managed: (before: Managed, after: Managed), words: [String] = [], note: (String) -> Void
  ) async throws -> Draft? {
    var data = UndoData(from: before, to: after, managed: managed.before, managed.after)
    // The end of a person's access is no user and no role, but a change of who may do what.
    let isAccess = origin.kind == .access || origin.kind == .accessEnd
    let changesNothing = changes.isEmpty && before == after
    guard !changesNothing || isAccess else {
      try await completeInterrupted(goal)
      return nil
    }
    guard !lock.isNone else {
      note("without the lock nothing is recorded, so 'bulkhead undo' cannot take this back")
      return nil
    }
    let history = try await History.read(etcd)
    let interrupted = changesNothing ? nil : try await absorbed(into: &data, history, goal, survey)
    let access = survey.temporaryAccess.filter { $0.isPlausible(before, goal) }
    data.leaveOut(Managed(users: Set(access.map(\.user)), roles: Set(access.flatMap(\.madeRoles))))
    let obstacle = await obstacle(try data.bytes.count, survey, changesNothing: changesNothing)
    if let obstacle, !isAccess {
      note("'bulkhead undo' will not be able to take this back: \(obstacle)")
    }
    return Draft(
      history: history, data: data, interrupted: interrupted, changes: changes, goal: goal,
      authRevision: survey.authRevision, words: words, obstacle: obstacle)
  }

  /// Writes it, before the first change.
  /// - Throws: ``LockError``, ``EtcdError``.
  func begin(_ draft: Draft?, bulkhead: String) async throws -> Begun? {
    guard let draft else { return nil }
    let bytes = try draft.data.bytes
    let chunks = draft.obstacle == nil ? Self.chunks(bytes) : []
    let number = draft.history.nextNumber
    let most = HistoryEntry.mostWords
    let words = Array((draft.words + draft.changes.prefix(most).map(\.words)).prefix(most))
    let entry = HistoryEntry(
      number: number, kind: origin.kind, owner: draft.goal.owner, by: origin.by,
      administrator: draft.goal.applicant, source: origin.source, fileDigest: draft.goal.file,
      bulkhead: bulkhead, undoes: origin.undoes, changes: draft.changes.count,
      removals: draft.changes.count(where: \.takesAway),
      words: words, authRevision: draft.authRevision,
      isComplete: false, undo: draft.obstacle == nil ? Self.undo(bytes) : nil, notUndoable: draft.obstacle)
    try await prune(draft.history, adding: bytes.count, replacing: draft.interrupted)
    for (index, chunk) in chunks.enumerated() { try await lock.put(chunk, at: OwnKeys.undo(number, index)) }
    // The description last: without it the other keys mean nothing.
    try await lock.write(
      [(OwnKeys.history(number), try entry.bytes)],
      deleting: draft.interrupted.map { Self.keys(of: $0) } ?? [])
    return Begun(entry: entry, data: draft.data)
  }

  /// Records that all changes are made.
  /// - Parameter unchanged: Users that are as before, although their deletion or the loss of a role was planned.
  func finish(_ begun: Begun?, unchanged: [String] = []) async throws {
    guard let begun else { return }
    var entry = begun.entry
    entry.isComplete = true
    var writes: [(key: Key, value: [UInt8])] = []
    if entry.undo != nil, unchanged.contains(where: { begun.data.users[$0] != nil }) {
      var data = begun.data
      for user in unchanged { data.users[user] = nil }
      let bytes = try data.bytes
      entry.undo = Self.undo(bytes)
      writes = Self.chunks(bytes).enumerated().map { (OwnKeys.undo(entry.number, $0.offset), $0.element) }
    }
    writes.append((OwnKeys.history(entry.number), try entry.bytes))
    try await Task { [writes] in
      for write in writes { try await lock.write([write]) }
    }.value
  }

  private static func chunks(_ bytes: [UInt8]) -> [[UInt8]] {
    stride(from: 0, to: bytes.count, by: UndoData.chunkBytes).map {
      Array(bytes[$0..<min($0 + UndoData.chunkBytes, bytes.count)])
    }
  }

  private static func undo(_ bytes: [UInt8]) -> HistoryEntry.Undo {
    HistoryEntry.Undo(
      chunks: chunks(bytes).count, bytes: bytes.count, digest: SHA256.hash(bytes).hexadecimal)
  }

  /// Adds what an earlier change touched that was interrupted, if only that one can have changed users and roles
  /// since it began.
  /// - Returns: That change, which the new one replaces.
  private func absorbed(
    into data: inout UndoData, _ history: History, _ goal: ApplyGoal, _ survey: Survey
  ) async throws -> HistoryEntry? {
    guard let last = history.entries.last, !last.isComplete, last.owner == goal.owner, last.undo != nil,
      let began = last.authRevision, let now = survey.authRevision, now >= 0,
      now - began <= Int64(last.changes),
      let earlier = try? await History.undoData(of: last, etcd)
    else { return nil }
    data.absorb(earlier)
    return last
  }

  /// Marks what was interrupted as complete: nothing is left to do, and what it left is compared with its
  /// data before it is undone.
  private func completeInterrupted(_ goal: ApplyGoal) async throws {
    guard !lock.isNone, origin.kind == .apply else { return }
    let interrupted = try await History.read(etcd).entries.filter {
      !$0.isComplete && $0.owner == goal.owner
    }
    for var entry in interrupted {
      entry.isComplete = true
      try await lock.put(try entry.bytes, at: OwnKeys.history(entry.number))
    }
  }

  /// Why data of this size is not written; nil if it is.
  private func obstacle(_ bytes: Int, _ survey: Survey, changesNothing: Bool) async -> String? {
    if origin.kind == .accessEnd { return "its time is over; 'bulkhead access' gives it again" }
    if changesNothing { return "it changed until when access lasts, and no user or role" }
    guard bytes <= UndoData.mostBytes else {
      return "what undoes it has \(bytes) bytes, and \(UndoData.mostBytes) are kept at most"
    }
    // Small values are written as the record is.
    guard bytes > UndoData.chunkBytes / 8 else { return nil }
    for member in survey.members.reachable {
      // A full store raises an alarm, and while one is active, members before 3.6 enforce no permissions. Only
      // members from 3.6 on report their quota in the status; the others have 2 GiB by default.
      guard let status = member.status else { continue }
      let quota = status.quota ?? 2 << 30
      if Double(status.databaseSize) + 4 * Double(bytes) > 0.8 * Double(quota) {
        return
          "what undoes it has \(bytes) bytes, and the store of the member \(member.name) has \(status.databaseSize) of \(quota) bytes"
      }
    }
    return nil
  }

  /// Deletes the oldest changes.
  private func prune(_ history: History, adding bytes: Int, replacing: HistoryEntry?) async throws {
    var kept = history.entries.filter { $0.number != replacing?.number }
    var size = bytes + kept.reduce(0) { $0 + ($1.undo?.bytes ?? 0) }
    while let oldest = kept.first, kept.count >= History.mostEntries || size > History.mostBytes {
      try await lock.write([], deleting: Self.keys(of: oldest))
      size -= oldest.undo?.bytes ?? 0
      kept.removeFirst()
    }
  }

  /// All keys of a change.
  private static func keys(of entry: HistoryEntry) -> [Key] {
    [OwnKeys.history(entry.number)]
      + (0..<min(entry.undo?.chunks ?? 0, 64)).map { OwnKeys.undo(entry.number, $0) }
  }
}
