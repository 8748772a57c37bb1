import Etcd

/// A known vulnerability of etcd that bypasses its permission check, with the releases that have it.
package struct Advisory: Hashable, Sendable {
  package let id: String
  /// What a client with any certificate, or with limited permissions, can do.
  package let effect: String
  /// The first release with the vulnerability; nil if the oldest releases have it.
  let since: EtcdVersion?
  /// For each minor release with a fix, the first patch release with it, in ascending order.
  let fixed: [EtcdVersion]

  /// Whether a release has the vulnerability. A minor release without a fix that is older than the last one
  /// with a fix has it too.
  package func affects(_ version: EtcdVersion) -> Bool {
    if let since, version < since { return false }
    if let mended = fixed.first(where: { ($0.major, $0.minor) == (version.major, version.minor) }) {
      return version < mended
    }
    guard let last = fixed.last else { return true }
    return version < last
  }

  /// The releases with the fix, in words.
  package var remedy: String {
    fixed.isEmpty
      ? "not mended in any release" : "mended in \(fixed.map(\.description).joined(separator: ", "))"
  }

  private init(_ id: String, _ effect: String, since: String? = nil, fixed: [String]) {
    self.id = id
    self.effect = effect
    self.since = since.flatMap(EtcdVersion.init)
    self.fixed = fixed.compactMap(EtcdVersion.init)
  }

  /// etcd's security advisories, and faults without a CVE number that bypass the permission check (etcd,
  /// CHANGELOG-3.4 to CHANGELOG-3.7; those of 2026 were reproduced on 3.4.23 and 3.5.1).
  package static let all = [
    Advisory(
      "CVE-2026-33343", "any certificate reads and writes every key through a Txn inside a Txn",
      fixed: ["3.4.42", "3.5.28", "3.6.9"]),
    Advisory(
      "CVE-2026-33413",
      "any certificate may compact the store, set alarms, move the leader and keep others' leases alive",
      fixed: ["3.4.42", "3.5.28", "3.6.9"]),
    Advisory(
      "CVE-2026-44283", "a Txn's put shows the old value to whoever may only write, and takes others' leases",
      fixed: ["3.4.44", "3.5.30", "3.6.11"]),
    Advisory(
      "GHSA-xg4h-6gfc-h4m8", "whoever may read one key may watch every key after it, /registry/ included",
      fixed: ["3.5.33", "3.6.14", "3.7.1"]),
    Advisory(
      "etcd pull request 22386",
      "while an alarm is active, writes and changes of users are not checked at all, and members may differ for good",
      fixed: ["3.6.0"]),
    Advisory(
      "CVE-2023-32082", "any certificate sees the names of the keys of a lease", fixed: ["3.4.26", "3.5.9"]),
    Advisory(
      "etcd issue 14648", "after recovering from a snapshot a member may enforce other roles than the rest",
      fixed: ["3.4.22", "3.5.6"]),
    Advisory(
      "etcd issue 13766", "a crash under load may leave a member with other data than the rest",
      since: "3.5.0",
      fixed: ["3.5.3"]),
  ]
}
