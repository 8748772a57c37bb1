import Etcd
import Foundation
import Keyspace
import Names
import TestSupport
import ThrowawayEtcd

extension TestCluster {
  /// A quota in bytes that is soon full.
  package static let smallQuota: Int64 = 1 << 20

  /// Adds a learner to the cluster and starts it. The caller stops it.
  package func addLearner(_ name: String) async throws -> MemberProcess {
    var options = ThrowawayEtcd.Options()
    options.lifetime = .seconds(3000)
    return try await etcd.startMember(name, options: options) { url in
      // etcd adds no member before the others have been connected for some seconds.
      let isAdded = try await eventually {
        (try? await etcdctl("member", "add", name, "--learner", "--peer-urls=\(url)")) != nil
      }
      guard isAdded else { throw CommandFailure("the learner \(name) was not added") }
    }
  }

  /// Makes the auth store of the third member differ from the others for good (etcd pull request 22386): while
  /// the alarm NOSPACE is active, members before 3.6 enforce no permissions on what goes through the log, except
  /// for one that was started meanwhile. Needs authentication off, three members, and a release of 3.5 that was
  /// started with ``smallQuota``; turns authentication on.
  /// - Returns: The third member, which was started again. The caller stops it.
  package func makeMembersDiffer() async throws -> MemberProcess {
    try await secure()
    try await connect { etcd in
      try await etcd.addUser("mallory")
      try await etcd.addRole("victim")
    }
    _ = try credentials(of: "mallory")
    try await connect { etcd in
      // A member reports the size of what is committed to the file, which happens every 100 ms.
      while try await failure({ try await etcd.put([UInt8](repeating: 7, count: 100_000), at: "/filler") })
        != .noSpace
      { try await Task.sleep(for: .milliseconds(10)) }
    }
    // A member that was stopped before the alarm was committed to its file applies the alarm again, as the others did, and
    // does not differ from them yet.
    var third = etcd.members[2]
    for attempt in 1...5 {
      third.stop()
      third = try third.startAgain()
      do {
        try await third.waitUntilItAnswers(as: etcd.root)
        let permission = Permission(Grant(.prefix(Key(attempt == 1 ? "/" : "/\(attempt)/")), .readwrite))
        try await EtcdClient.connect(
          to: Array(etcd.endpoints.prefix(2)), as: try credentials(of: "mallory"), timeout: .seconds(30)
        ) { try await $0.grant(permission, toRole: "victim") }
        let stored = try await EtcdClient.connect(
          to: [third.endpoint], as: etcd.root, timeout: .seconds(30)
        ) { try await $0.permissions(ofRole: "victim") }
        if !stored.contains(permission) || attempt == 5 {
          try await etcdctl("alarm", "disarm")
          break
        }
      } catch {
        third.stop()
        throw error
      }
    }
    return third
  }
}
