import Foundation
import Synchronization
import ThrowawayEtcd

/// Clusters with authentication on that many tests use at the same time, each with its own names and keys.
/// They end with the process.
package actor SharedClusters {
  package static let all = SharedClusters()
  private var clusters: [Kind: Task<TestCluster, any Error>] = [:]

  private struct Kind: Hashable {
    let release: EtcdRelease
    let members: Int
    let purpose: String
  }

  /// - Parameter purpose: Tests with the same one share a cluster.
  package func cluster(
    _ release: EtcdRelease, members: Int = 1, for purpose: String = ""
  ) async throws -> TestCluster {
    let kind = Kind(release: release, members: members, purpose: purpose)
    if let running = clusters[kind] { return try await running.value }
    let starting = Task {
      let cluster = try await TestCluster.start(release, members: members, prepared: { _ in .init() })
      AtExit.stop(cluster)
      try await cluster.secure()
      return cluster
    }
    clusters[kind] = starting
    return try await starting.value
  }
}

/// Ends the shared clusters when the process ends.
private enum AtExit {
  private static let running = Mutex<[TestCluster]>([])
  private static let isRegistered: Bool = {
    atexit { for cluster in AtExit.running.withLock({ $0 }) { cluster.remove() } }
    return true
  }()

  static func stop(_ cluster: TestCluster) {
    _ = isRegistered
    running.withLock { $0.append(cluster) }
  }
}

/// A name that no other test uses.
package func unique(_ name: String) -> String {
  "\(name)-\(counter.add(1, ordering: .relaxed).newValue)"
}

private let counter = Atomic(0)
