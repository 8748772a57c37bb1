import Cryptography
import Errors
import Etcd
import FoundationEssentials
import Keyspace
import Text

/// The last changes of a cluster's users and roles by Bulkhead, in etcd.
///
/// Each change has a small key that describes it and, apart from it, what takes it back, in values that fit in one
/// request. Its space is bounded: the oldest changes are deleted.
package struct History: Sendable {
  /// How many changes are kept.
  package static let mostEntries = 20
  /// The most bytes of all that takes changes back.
  static let mostBytes = 8 << 20

  /// The oldest first.
  package let entries: [HistoryEntry]
  /// The numbers of entries that this version does not understand.
  package let notUnderstood: [Int]

  init(entries: [HistoryEntry], notUnderstood: [Int] = []) {
    self.entries = entries.sorted { $0.number < $1.number }
    self.notUnderstood = notUnderstood
  }

  /// Reads the descriptions in one call.
  package static func read(_ etcd: EtcdClient) async throws(EtcdError) -> History {
    var (entries, notUnderstood): ([HistoryEntry], [Int]) = ([], [])
    for entry in try await etcd.entries(in: OwnKeys.history) {
      guard let number = OwnKeys.historyNumber(entry.key) else { continue }
      if let found = HistoryEntry(entry.value), found.number == number {
        entries.append(found)
      } else {
        notUnderstood.append(number)
      }
    }
    return History(entries: entries, notUnderstood: notUnderstood)
  }

  package subscript(number: Int) -> HistoryEntry? { entries.first { $0.number == number } }

  /// A client that may write the keys may have written any number: after the largest one, gaps are used.
  var nextNumber: Int {
    let used = Set(entries.map(\.number) + notUnderstood)
    let highest = used.max() ?? 0
    if highest < HistoryEntry.mostNumber { return highest + 1 }
    return (1...HistoryEntry.mostNumber).first { !used.contains($0) } ?? HistoryEntry.mostNumber
  }

  /// Reads what takes a change back.
  /// - Throws: ``UndoRefusal``, ``EtcdError``.
  package static func undoData(of entry: HistoryEntry, _ etcd: EtcdClient) async throws -> UndoData {
    guard let undo = entry.undo else {
      throw UndoRefusal.notRecorded(entry.number, entry.notUndoable ?? "the reason is not recorded")
    }
    var bytes: [UInt8] = []
    for chunk in 0..<min(undo.chunks, UndoData.mostBytes / UndoData.chunkBytes + 1) {
      bytes += try await etcd.value(of: OwnKeys.undo(entry.number, chunk)) ?? []
    }
    guard SHA256.hash(bytes).hexadecimal == undo.digest, let data = try? UndoData(bytes) else {
      throw UndoRefusal.notRecorded(entry.number, "its data in etcd is incomplete or was changed")
    }
    return data
  }
}

extension OwnKeys {
  private static let historyPrefix = Key.bulkhead + "v1/history/"
  private static let undoPrefix = Key.bulkhead + "v1/undo/"
  static let history = KeyRange.prefix(historyPrefix)

  static func history(_ number: Int) -> Key { Key(historyPrefix.bytes + digits(number, 10)) }

  /// - Returns: nil for a key that ``history(_:)`` does not make.
  static func historyNumber(_ key: Key) -> Int? {
    let digits = key.bytes.dropFirst(historyPrefix.bytes.count)
    let isNumber = digits.count == 10 && digits.allSatisfy { (0x30...0x39).contains($0) }
    guard isNumber, let number = Int(String(decoding: digits, as: UTF8.self)), number > 0 else { return nil }
    return number
  }

  static func undo(_ number: Int, _ chunk: Int) -> Key {
    Key(undoPrefix.bytes + digits(number, 10) + Array("/".utf8) + digits(chunk, 3))
  }

  private static func digits(_ number: Int, _ width: Int) -> [UInt8] {
    let text = String(number)
    return Array((String(repeating: "0", count: max(0, width - text.utf8.count)) + text).utf8)
  }
}
