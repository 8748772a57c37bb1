/// The version of an etcd member, `3.5.30`. What follows a hyphen (`3.6.0-rc.1`) is kept for display only.
public struct EtcdVersion: Hashable, Sendable {
  public let major: Int
  public let minor: Int
  public let patch: Int
  private let text: String

  public init?(_ text: String) {
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
}

extension EtcdVersion: Comparable {
  public static func < (left: EtcdVersion, right: EtcdVersion) -> Bool {
    (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
  }
}

extension EtcdVersion: CustomStringConvertible {
  public var description: String { text }
}
