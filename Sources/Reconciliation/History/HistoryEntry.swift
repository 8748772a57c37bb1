import FoundationEssentials
import Segmentation

/// One change of a cluster's users and roles by Bulkhead: who made it, when, and from which file.
package struct HistoryEntry: Codable, Hashable, Sendable {
  package enum Kind: String, Codable, Sendable {
    case apply, undo, restore
    /// A person got access for a limited time.
    case access
    /// Access ended whose time was over.
    case accessEnd = "end of access"
  }

  /// Where a change comes from, as far as it is known.
  package struct Source: Codable, Hashable, Sendable {
    /// The file's name on that host.
    package let file: String
    /// The commit that is checked out where the file lies in a git work tree. The file may differ from it.
    package let commit: String?

    package init(file: String, commit: String?) {
      self.file = file
      self.commit = commit
    }
  }

  /// What takes the change back, in keys of its own.
  struct Undo: Codable, Hashable, Sendable {
    let chunks: Int
    let bytes: Int
    /// SHA-256 of the data, in hexadecimal.
    let digest: String
  }

  /// Counted from 1 for the cluster; never used again.
  package let number: Int
  package let kind: Kind
  package let owner: RecordOwner
  /// The process that made it; ``LockOwner/since`` is when it began.
  package let by: LockOwner
  /// The etcd user.
  package let administrator: String
  package let source: Source
  /// SHA-256 of the file's text, in hexadecimal.
  package let fileDigest: String
  /// Bulkhead's version.
  package let bulkhead: String
  /// The number of the change that this one takes back.
  package let undoes: Int?
  package let changes: Int
  /// How many of them remove access.
  package let removals: Int
  /// The first changes in words.
  package let words: [String]
  /// The auth revision before the first change.
  let authRevision: Int64?
  /// False while it runs, and if it was interrupted.
  package internal(set) var isComplete: Bool
  var undo: Undo?
  /// Why it cannot be taken back; nil if it can.
  package let notUndoable: String?

  /// How many changes are in ``words``.
  static let mostWords = 20
  /// The largest number that its key has room for.
  static let mostNumber = 9_999_999_999
}

extension HistoryEntry {
  /// The oldest format whose readers understand what is written.
  private static let format = 1

  private struct Stored: Codable {
    var format: Int
    var entry: HistoryEntry
  }

  var bytes: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.dateEncodingStrategy = .iso8601
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(Stored(format: Self.format, entry: self)))
    }
  }

  /// - Returns: nil if it is of a later format, or not understood.
  init?(_ bytes: [UInt8]) {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    guard let stored = try? decoder.decode(Stored.self, from: Data(bytes)), stored.format == Self.format,
      stored.entry.isPossible
    else {
      return nil
    }
    self = stored.entry
  }

  /// Whether its numbers are ones that Bulkhead can have written. Others could make a sum overflow.
  private var isPossible: Bool {
    let counts = 0...1_000_000_000
    guard (1...Self.mostNumber).contains(number), counts.contains(changes), counts.contains(removals),
      (authRevision ?? 0) >= 0
    else { return false }
    guard let undo else { return true }
    return (0...64).contains(undo.chunks) && (0...UndoData.mostBytes).contains(undo.bytes)
  }
}
