/// The version of an etcd member, as in `3.5.30`, and what is known of releases apart from vulnerabilities.
///
/// A pre-release (`3.6.0-rc.1`) is before its release, in the order of Semantic Versioning 2.0.0, section 11.
/// Any other text after the number is a vendor's (`3.5.21-k3s1`), and the version counts as the release.
package struct EtcdVersion: Hashable, Sendable {
  package let major: Int
  package let minor: Int
  package let patch: Int
  /// The parts of a pre-release's name, `rc` and `1`; empty for a release.
  private let preRelease: [Substring]
  private let text: String

  package init?(_ text: String) {
    let number = text.prefix { ("0"..."9").contains($0) || $0 == "." }
    let parts = number.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 3, let major = parts[0], let minor = parts[1], let patch = parts[2] else {
      return nil
    }
    self.major = major
    self.minor = minor
    self.patch = patch
    self.text = text
    let rest = text.dropFirst(number.count)
    let name = rest.prefix { $0 != "+" }.dropFirst()
    let words = ["alpha", "beta", "rc", "pre", "dev"]
    preRelease =
      rest.hasPrefix("-") && words.contains(where: name.lowercased().hasPrefix)
      ? name.split(separator: ".") : []
  }

  package init(_ major: Int, _ minor: Int, _ patch: Int) {
    (self.major, self.minor, self.patch) = (major, minor, patch)
    text = "\(major).\(minor).\(patch)"
    preRelease = []
  }

  /// Whether a user can be created without a password, so that only its certificate can be used (etcd 3.4,
  /// `UserAddOptions`). A member before 3.4 ignores the option and gives the user the empty password.
  package var hasUsersWithoutPassword: Bool { self >= EtcdVersion(3, 4, 0) }

  /// Whether a restarted member refuses all users but administrators until users or roles change (etcd issue
  /// 14409, fixed in 3.4.21; 3.5 has this cache since 3.5.5, with the fix).
  package var forgetsPermissionsAtStart: Bool { (major, minor, patch) == (3, 4, 20) }

  /// Whether a member may refuse a watch because the auth store has just changed, with the same message as
  /// for missing permission (etcd, `server/etcdserver/api/v3rpc/watch.go`; distinct since 3.4.22 and 3.5.6).
  /// Retry then.
  package var mayRefuseWatchWrongly: Bool {
    self < EtcdVersion(3, 4, 22) || ((major, minor) == (3, 5) && self < EtcdVersion(3, 5, 6))
  }

  /// Whether a change of one user or role makes a member recompute the permissions of all users (etcd,
  /// `server/auth/range_perm_cache.go`, pull request 13954).
  package var recomputesAllPermissions: Bool {
    (self >= EtcdVersion(3, 4, 20) && self < EtcdVersion(3, 5, 0)) || self >= EtcdVersion(3, 5, 5)
  }

  /// Whether the call AuthStatus exists. A member without it crashes for good when one is sent: see
  /// ``AuthStatusLeave``.
  package var hasAuthStatus: Bool { self >= EtcdVersion(3, 5, 0) }

  /// Whether only root may compact the store (etcd, commit a07ecd124, CVE-2026-33413).
  package var compactNeedsRoot: Bool {
    self >= EtcdVersion(3, 6, 9) || isOf(minor: 5, from: 28) || isOf(minor: 4, from: 42)
  }

  /// Whether a member returns its status only to root (etcd, `server/etcdserver/api/v3rpc/maintenance.go`; etcd issue
  /// 21663).
  package var statusNeedsRoot: Bool {
    isOf(minor: 4, from: 42, through: 45) || isOf(minor: 5, from: 28, through: 31)
      || isOf(minor: 6, from: 0, through: 11)
  }

  private func isOf(minor: Int, from first: Int, through last: Int = .max) -> Bool {
    (major, self.minor) == (3, minor) && (first...last).contains(patch)
  }

  /// Whether an active alarm makes members enforce no permissions on what goes through the log (etcd pull
  /// request 22386).
  package var alarmDisablesPermissions: Bool { self < EtcdVersion(3, 6, 0) }
}

extension EtcdVersion: Comparable {
  package static func < (left: EtcdVersion, right: EtcdVersion) -> Bool {
    let (a, b) = ((left.major, left.minor, left.patch), (right.major, right.minor, right.patch))
    guard a == b else { return a < b }
    guard !left.preRelease.isEmpty, !right.preRelease.isEmpty else {
      return !left.preRelease.isEmpty && right.preRelease.isEmpty
    }
    for (one, other) in zip(left.preRelease, right.preRelease) where one != other {
      return switch (Int(one), Int(other)) {
      case (let one?, let other?): one < other
      // A number is before a word.
      case (nil, nil): one < other
      case (let number, _): number != nil
      }
    }
    return left.preRelease.count < right.preRelease.count
  }
}

extension EtcdVersion: CustomStringConvertible {
  package var description: String { text }
}
