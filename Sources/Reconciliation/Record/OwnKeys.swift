import Keyspace

/// The keys that Bulkhead keeps for itself. No role reaches them, so that only administrators read them.
enum OwnKeys {
  static let all = KeyRange.prefix("/bulkhead/v1/")
  static let lock: Key = "/bulkhead/v1/lock"
  static let record: Key = "/bulkhead/v1/record"
}
