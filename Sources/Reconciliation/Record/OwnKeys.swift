import Keyspace

/// The keys that Bulkhead uses itself. No role grants access to them, so only administrators can read them.
package enum OwnKeys {
  private static let prefix = Key.bulkhead + "v1/"
  static let all = KeyRange.prefix(prefix)
  package static let lock = prefix + "lock"
  static let record = prefix + "record"
}
