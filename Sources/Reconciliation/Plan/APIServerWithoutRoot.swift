import Etcd
import Segmentation

/// What kube-apiserver cannot do without the role root.
package enum APIServerWithoutRoot {
  /// A call that is refused, with the members that refuse it.
  package struct Effect: Hashable, Sendable {
    package let words: String
    /// Whether the feature `apiserver-without-compaction` says that the call is not made.
    package let isExpected: Bool
  }

  /// - Parameter releases: Each member's name and release.
  package static func effects(at releases: [(member: String, version: EtcdVersion)]) -> [Effect] {
    func members(_ isAffected: (EtcdVersion) -> Bool) -> String? {
      let names = releases.filter { isAffected($0.version) }.map { "\($0.member) (\($0.version))" }
      return names.isEmpty ? nil : names.joined(separator: ", ")
    }
    var effects: [Effect] = []
    if let names = members(\.compactNeedsRoot) {
      effects.append(
        Effect(
          words:
            "without the role root it cannot compact at \(names): the store grows until its quota unless etcd "
            + "compacts itself (--auto-compaction-retention)", isExpected: true))
    }
    if let names = members(\.statusNeedsRoot) {
      effects.append(
        Effect(
          words:
            "without the role root it cannot read the status of \(names): its metric of the database size and "
            + "its detection of etcd's features (watch progress requests) fail", isExpected: false))
    }
    return effects
  }
}
