import Etcd

/// A known vulnerability of etcd, with the releases that have it.
package struct Advisory: Hashable, Sendable {
  package enum Kind: String, Decodable, Sendable {
    /// It lets a client do what it was not granted.
    case access
    /// It stops a member or its clients.
    case availability
    /// It shows a secret to a person who reads the log.
    case disclosure
  }

  /// Releases with the vulnerability, by OSV's rules: from `introduced` on, until before `fixed` or until
  /// `lastAffected` (https://ossf.github.io/osv-schema/, "Evaluation").
  struct Interval: Hashable, Sendable {
    var introduced: EtcdVersion
    var fixed: EtcdVersion?
    var lastAffected: EtcdVersion?

    func contains(_ version: EtcdVersion) -> Bool {
      version >= introduced && fixed.map { version < $0 } ?? true
        && lastAffected.map { version <= $0 } ?? true
    }
  }

  package let id: String
  /// Other names, such as the CVE number.
  package let aliases: [String]
  /// What a client with any certificate, or with limited permissions, can do.
  package let effect: String
  package let kind: Kind
  /// Under which settings a member has it; nil if always.
  package let condition: String?
  /// Whether authentication must not be turned on with these releases.
  package let breaksAuthentication: Bool
  let intervals: [Interval]
  /// Releases that are listed one by one.
  let versions: Set<String>

  /// Whether a release has the vulnerability.
  package func affects(_ version: EtcdVersion) -> Bool {
    versions.contains(version.description) || intervals.contains { $0.contains(version) }
  }

  /// Releases at the ends of the intervals: the first and the last that have it, as far as the record says.
  var boundaries: [EtcdVersion] {
    intervals.flatMap { interval in
      let before = interval.fixed.flatMap { fixed in
        fixed.patch > 0 ? EtcdVersion(fixed.major, fixed.minor, fixed.patch - 1) : nil
      }
      return [interval.introduced, interval.lastAffected, before].compactMap { $0 }
    } + versions.compactMap { EtcdVersion($0) }
  }

  /// Whether a person may mean this advisory with the text.
  package func isNamed(_ text: String) -> Bool {
    ([id] + aliases).contains { $0.lowercased() == text.lowercased() }
  }

  /// Where it is known under several names: `GHSA-xg4h-6gfc-h4m8 (CVE-2026-73499)`.
  package var title: String {
    let others = aliases.filter { $0.hasPrefix("CVE-") || $0.hasPrefix("GHSA-") }
    return others.isEmpty ? id : "\(id) (\(others.joined(separator: ", ")))"
  }

  /// The releases with the fix, in words.
  package var remedy: String {
    let fixed = intervals.compactMap(\.fixed).sorted().map(\.description)
    return fixed.isEmpty ? "not fixed in any known release" : "fixed in \(fixed.joined(separator: ", "))"
  }
}
