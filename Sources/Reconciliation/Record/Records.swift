import Errors
import Etcd
import Keyspace

/// The records of all files on one etcd. Each lists the users and roles that one file manages; no name is in
/// two of them.
package struct Records: Hashable, Sendable {
  package let all: [Record]
  /// Whether older versions of Bulkhead are kept from writing a record of their own.
  let hasMarker: Bool

  package init(all: [Record] = [], hasMarker: Bool = true) {
    self.all = all
    self.hasMarker = hasMarker
  }

  /// - Parameter entries: Those below `/bulkhead/v1/`. A record at a key that is not its file's is left out.
  /// - Throws: ``RecordError``.
  init(_ entries: [Entry]) throws { try self.init(entries.map { (key: $0.key, value: $0.value) }) }

  /// - Parameter entries: The keys and values of these entries.
  init(_ entries: [(key: Key, value: [UInt8])]) throws {
    var all: [Record] = []
    for entry in entries where OwnKeys.records.contains(entry.key) {
      let record = try Record(entry.value)
      // Bulkhead writes each record at the key of its file: another client made this one.
      if record.owner?.key == entry.key { all.append(record) }
    }
    let first = entries.first { $0.key == OwnKeys.record }
    if let first, let old = try Record.ofFormat1(first.value) { all.append(old) }
    self.init(all: all, hasMarker: first != nil)
  }

  /// What a file has of these records.
  struct Claim: Hashable, Sendable {
    /// The file's own record.
    let own: Record?
    /// Records that become part of the file's own.
    let takenOver: [Record]
    /// Records of other files. Nothing that they list is taken away.
    let others: [Record]

    /// The users and roles that the file manages.
    var managed: Managed { takenOver.reduce(own?.managed ?? Managed()) { $0.union($1.managed) } }
    /// The users and roles of other files.
    var foreign: Managed { others.reduce(Managed()) { $0.union($1.managed) } }
    /// Those of them that only administrators can have written.
    var proven: Managed { others.filter { $0.isProven == true }.reduce(Managed()) { $0.union($1.managed) } }
    /// Why another client may have written the file's own record before authentication was on; nil if none may.
    var doubt: String? {
      own?.isProven == false ? "this file's record was written while any client could write it" : nil
    }
  }

  /// The file's part of the records.
  ///
  /// A record of format 1 does not name its file. It belongs to the first file that names at least half of the
  /// users and roles in it.
  /// - Parameter takesOver: Whether the file takes over each record that lists a user or role that the file
  ///   names.
  /// - Throws: ``RecordOverlap`` if another file manages a user or role that this one names.
  func claim(
    by owner: RecordOwner, _ desired: DesiredState, takesOver: Bool
  ) throws(RecordOverlap) -> Claim {
    let wanted = Managed(
      users: Set(desired.users.filter(\.isExact).map(\.name)), roles: Set(desired.roles.map(\.name)))
    let own = all.first { $0.owner == owner }
    var (takenOver, others): ([Record], [Record]) = ([], [])
    for record in all where record.owner != owner {
      let overlap = record.managed.intersection(wanted)
      let isEarlierOwn = record.owner == nil && own == nil && overlap.count * 2 >= record.managed.count
      if isEarlierOwn || (takesOver && overlap.count > 0) {
        takenOver.append(record)
      } else if overlap.count > 0 {
        throw RecordOverlap(owner: owner, other: record.owner, names: overlap)
      } else {
        others.append(record)
      }
    }
    return Claim(own: own, takenOver: takenOver, others: others)
  }
}

/// Two files manage the same users or roles.
package struct RecordOverlap: ExplainedError, Hashable, Sendable {
  package let owner: RecordOwner
  /// nil for a record of format 1, which does not name its file.
  package let other: RecordOwner?
  package let names: Managed

  package var description: String {
    let all = names.users.sorted().map { "user \($0)" } + names.roles.sorted().map { "role \($0)" }
    let shown = all.prefix(6).joined(separator: ", ") + (all.count > 6 ? ", and \(all.count - 6) more" : "")
    let other = other.map(\.description) ?? "a file of Bulkhead 0.1, whose record does not say which,"
    return "\(other) manages on this etcd what \(owner) names too: \(shown)"
  }

  package var hint: String? {
    "if these are two files, give each user and role to one of them, and check etcd.endpoints; if this file "
      + "replaces the other one, add --take-over"
  }
}
