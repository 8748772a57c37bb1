import Keyspace

/// The keys that Bulkhead uses itself. No role grants access to them, so only administrators can read them.
package enum OwnKeys {
  private static let prefix = Key.bulkhead + "v1/"
  static let all = KeyRange.prefix(prefix)
  package static let lock = prefix + "lock"
  /// The record of format 1, or a marker of a later format: Bulkhead 0.1 refuses to work where it finds that.
  static let record = prefix + "record"
  static let recordsPrefix = prefix + "records/"
  /// One record for each file.
  static let records = KeyRange.prefix(recordsPrefix)
  /// What takes the changes in the history back.
  static let undoData = KeyRange.prefix(prefix + "undo/")
  /// What is read before anything is planned: the lock, the access of people that ends, the records. The history
  /// is outside, because it is long.
  static let surveyed = KeyRange(from: lock, to: records.upper)
}

/// A value for one of Bulkhead's own keys; nil deletes the key.
package struct OwnWrite: Hashable, Sendable {
  let key: Key
  let value: [UInt8]?
}
