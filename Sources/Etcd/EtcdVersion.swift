/// The version of an etcd member, `3.5.30`. What follows a hyphen (`3.6.0-rc.1`) is kept for display only.
package struct EtcdVersion: Hashable, Sendable {
  package let major: Int
  package let minor: Int
  package let patch: Int
  private let text: String

  package init?(_ text: String) {
    let number = text.prefix { $0.isNumber || $0 == "." }
    let parts = number.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 3, let major = parts[0], let minor = parts[1], let patch = parts[2] else {
      return nil
    }
    self.major = major
    self.minor = minor
    self.patch = patch
    self.text = text
  }

  init(_ major: Int, _ minor: Int, _ patch: Int) {
    (self.major, self.minor, self.patch) = (major, minor, patch)
    text = "\(major).\(minor).\(patch)"
  }

  /// Whether a user can be made without a password, and so be nobody but its certificate (etcd 3.4,
  /// `UserAddOptions`). A member before 3.4 does not know the option and gives the user the empty password.
  package var hasUsersWithoutPassword: Bool { self >= EtcdVersion(3, 4, 0) }

  /// Whether a member that is started again refuses everybody but administrators until users or roles change (etcd
  /// issue 14409, mended in 3.4.21; the same cache came to 3.5 with the mend in it, in 3.5.5).
  package var forgetsPermissionsAtStart: Bool { (major, minor, patch) == (3, 4, 20) }

  /// Whether a member refuses a watch also when the auth store has just changed, in the same words as for want of
  /// permission (etcd, `server/etcdserver/api/v3rpc/watch.go`; told apart since 3.4.22 and 3.5.6). Ask again.
  package var mayRefuseWatchWrongly: Bool {
    self < EtcdVersion(3, 4, 22) || (self >= EtcdVersion(3, 5, 0) && self < EtcdVersion(3, 5, 6))
  }
}

extension EtcdVersion: Comparable {
  package static func < (left: EtcdVersion, right: EtcdVersion) -> Bool {
    (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
  }
}

extension EtcdVersion: CustomStringConvertible {
  package var description: String { text }
}
