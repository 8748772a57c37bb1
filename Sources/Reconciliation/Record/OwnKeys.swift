import Keyspace

/// The keys that Bulkhead uses itself. No role grants access to them, so only administrators can read them.
enum OwnKeys {
  static let all = KeyRange.prefix("/bulkhead/v1/")
  static let lock: Key = "/bulkhead/v1/lock"
  static let record: Key = "/bulkhead/v1/record"
}
