import Etcd

/// What a change of users or roles costs a cluster.
///
/// The members make changes one after the other. From 3.4.20 and 3.5.5 on they then work out the permissions of every
/// user anew (etcd, `server/auth/range_perm_cache.go`, pull request 13954), and nothing else is done meanwhile.
package struct AuthCost: Hashable, Sendable {
  /// The way of one small request through the cluster's log and back.
  package let roundTrip: Duration
  /// How long working out takes for a user, and for a permission that a user holds; zero where nothing is worked out.
  package let perUser: Duration
  package let perPermission: Duration
  /// Whether the machine's speed was measured; else it is taken to be that of the one on which the figures were found.
  package let isMeasured: Bool

  /// Found on 3.4.23 with up to 15,000 users: 5.5 µs for a user and 2 µs for a permission it holds, on a machine that
  /// read the list of users in 1.5 µs for each.
  private static let reference = (user: 5.5e-6, permission: 2e-6, listed: 1.5e-6)
  /// With fewer users the time to list them says nothing.
  private static let usersThatTell = 500

  /// - Parameters:
  ///   - versions: Those of all members.
  ///   - roundTrip: How long one small read takes that goes through the log.
  ///   - listing: How long it takes to read the list of all users.
  ///   - users: How many there are.
  package init(versions: [EtcdVersion], roundTrip: Duration, listing: Duration, users: Int) {
    self.roundTrip = roundTrip
    isMeasured = users >= Self.usersThatTell
    let listed = max(0, (listing - roundTrip) / .seconds(1)) / Double(max(1, users))
    let slowness = isMeasured ? min(max(listed / Self.reference.listed, 0.25), 10) : 1
    let rebuilds = versions.contains(where: \.worksOutAllPermissions)
    perUser = .seconds(rebuilds ? Self.reference.user * slowness : 0)
    perPermission = .seconds(rebuilds ? Self.reference.permission * slowness : 0)
  }

  /// How long everything waits for one change.
  func stall(users: Int, permissions: Int) -> Duration { perUser * users + perPermission * permissions }

  /// Whether the users and what they hold make a change dearer.
  package var grows: Bool { perUser > .zero }
}

extension AuthCost {
  /// Measures with reads that change nothing: reads of users go through the log as writes do. A member that is away
  /// is not asked for its version.
  package static func measure(_ etcd: EtcdClient) async throws(EtcdError) -> AuthCost {
    var versions: [EtcdVersion] = []
    for endpoint in etcd.endpoints {
      if let status = try? await etcd.only(endpoint).status() { versions.append(status.version) }
    }
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
    return AuthCost(
      versions: versions, roundTrip: roundTrips.sorted()[2], listing: listings.sorted()[2], users: users)
  }
}

extension EtcdVersion {
  /// Whether a change of one user or role makes a member work out the permissions of all of them.
  var worksOutAllPermissions: Bool {
    switch (major, minor) {
    case (3, 4): patch >= 20
    case (3, 5): patch >= 5
    case (3, let minor): minor > 5
    case (let major, _): major > 3
    }
  }
}
