/// How full the store of a member is. A full store raises the alarm NOSPACE, and while an alarm is active
/// members before 3.6 enforce no permissions (etcd pull request 22386).
package enum StoreSpace: Hashable, Sendable {
  /// - Parameter quota: nil if etcd was started without a limit.
  case enough(bytes: Int64, quota: Int64?)
  /// At least ``nearShare`` of the quota is used.
  case near(bytes: Int64, quota: Int64)
  /// The quota is unknown, and why, as the end of a sentence.
  case unknown(bytes: Int64, String)

  /// The share of the quota from which on a store counts as nearly full: `apply` writes nothing, `verify` does
  /// not probe writes, and `preflight` reports it.
  package static let nearShare = 0.95

  /// - Parameter quota: In bytes; zero or less for no limit.
  package init(bytes: Int64, quota: Int64) {
    guard quota > 0 else {
      self = .enough(bytes: bytes, quota: nil)
      return
    }
    self =
      Double(bytes) < Self.nearShare * Double(quota)
      ? .enough(bytes: bytes, quota: quota) : .near(bytes: bytes, quota: quota)
  }

  package var isEnough: Bool { if case .enough = self { true } else { false } }

  /// `1024 of 2048 bytes`, or why it is unknown.
  package var description: String {
    switch self {
    case .enough(let bytes, let quota?), .near(let bytes, let quota): "\(bytes) of \(quota) bytes"
    case .enough(let bytes, nil): "\(bytes) bytes, without a limit"
    case .unknown(let bytes, let reason): "\(bytes) bytes of an unknown quota: \(reason)"
    }
  }
}

extension ClusterMember {
  /// How full the store is: from the status since 3.6, else from the metrics. nil for an unreachable member.
  package func space(as credentials: ClientCredentials) async -> StoreSpace? {
    guard let endpoint, let status else { return nil }
    if let quota = status.quota { return StoreSpace(bytes: status.databaseSize, quota: quota) }
    do throws(EtcdError) {
      guard let quota = try await Metrics.read(from: endpoint, as: credentials).quota else {
        return .unknown(bytes: status.databaseSize, "the metrics do not contain it")
      }
      return StoreSpace(bytes: status.databaseSize, quota: quota)
    } catch { return .unknown(bytes: status.databaseSize, error.reason) }
  }
}
