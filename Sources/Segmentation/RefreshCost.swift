/// What etcd does after each change of a user or role: since 3.4.20 and 3.5.5 a member recomputes the permissions of
/// all users, and answers no other request meanwhile (etcd, `server/auth/range_perm_cache.go`, pull request 13954).
///
/// Measured on 3.4.23 with up to 15,000 users, on a machine that listed the users in 1.5 µs each.
package enum RefreshCost {
  /// For each user.
  package static let perUser: Duration = .nanoseconds(5_500)
  /// For each permission that a user holds.
  package static let perPermission: Duration = .microseconds(2)
  /// How fast that machine listed users: a measure of other machines' speed.
  package static let listingPerUser: Duration = .nanoseconds(1_500)
  /// How long one change may make every client wait without a warning.
  package static let bearable: Duration = .milliseconds(100)

  /// How long every client waits for one change.
  package static func stall(users: Int, permissions: Int) -> Duration {
    perUser * users + perPermission * permissions
  }
}
