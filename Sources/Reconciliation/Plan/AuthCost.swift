import Etcd
import Segmentation

/// What a change of users or roles costs a cluster.
///
/// The members make changes one after the other. Since 3.4.20 and 3.5.5 they recompute the permissions of
/// every user after each change (etcd, `server/auth/range_perm_cache.go`, pull request 13954), and all other
/// requests wait meanwhile.
package struct AuthCost: Hashable, Sendable {
  /// The time of one small request through the cluster's log and back.
  package let roundTrip: Duration
  /// The time to recompute one user, and one permission that a user holds; zero for releases that do not
  /// recompute.
  package let perUser: Duration
  package let perPermission: Duration
  /// Whether the speed of the machine was measured; else the reference machine's speed is assumed.
  package let isMeasured: Bool
  /// How many times other clients wrote in a second.
  package let writesPerSecond: Double

  /// With fewer users than this, the time to list them is too noisy.
  private static let usersThatTell = 500

  /// - Parameters:
  ///   - versions: The versions of all members.
  ///   - roundTrip: The time of one small read through the log.
  ///   - listing: The time to read the list of all users.
  ///   - users: The number of users.
  ///   - writesPerSecond: How many times other clients write in a second.
  package init(
    versions: [EtcdVersion], roundTrip: Duration, listing: Duration, users: Int, writesPerSecond: Double = 0
  ) {
    self.writesPerSecond = writesPerSecond
    self.roundTrip = roundTrip
    isMeasured = users >= Self.usersThatTell
    let listed = max(.zero, listing - roundTrip) / max(1, users)
    let slowness = isMeasured ? min(max(listed / RefreshCost.listingPerUser, 0.25), 10) : 1
    let rebuilds = versions.contains(where: \.recomputesAllPermissions)
    perUser = rebuilds ? RefreshCost.perUser * slowness : .zero
    perPermission = rebuilds ? RefreshCost.perPermission * slowness : .zero
  }

  /// How long every client waits for one change.
  func stall(users: Int, permissions: Int) -> Duration { perUser * users + perPermission * permissions }

  /// Whether the cost of a change grows with the users and their permissions.
  package var grows: Bool { perUser > .zero }
}

extension AuthCost {
  /// Measures with reads, which change nothing: reads of users go through the log as writes do. The versions
  /// of unreachable members are left out.
  package static func measure(_ etcd: EtcdClient) async throws(EtcdError) -> AuthCost {
    var versions: [EtcdVersion] = []
    for endpoint in etcd.endpoints {
      if let status = try? await etcd.only(endpoint).status() { versions.append(status.version) }
    }
    let (first, start) = (try await etcd.revision(), ContinuousClock.now)
    var (roundTrips, listings): ([Duration], [Duration]) = ([], [])
    var users = 0
    for _ in 0..<5 {
      let start = ContinuousClock.now
      _ = try await etcd.roles()
      let middle = ContinuousClock.now
      users = try await etcd.users().count
      roundTrips.append(middle - start)
      listings.append(ContinuousClock.now - middle)
    }
    try? await Task.sleep(until: start + .milliseconds(500))
    let writes = try await etcd.revision() - first
    return AuthCost(
      versions: versions, roundTrip: roundTrips.sorted()[2], listing: listings.sorted()[2], users: users,
      writesPerSecond: Double(writes) / ((ContinuousClock.now - start) / .seconds(1)))
  }
}
