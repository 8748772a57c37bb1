/// A key range and what may be done in it: one line of an etcd role.
public struct Grant: Hashable, Sendable {
  public let range: KeyRange
  public let access: Access

  public init(_ range: KeyRange, _ access: Access) {
    self.range = range
    self.access = access
  }
}

extension Grant: CustomStringConvertible {
  public var description: String { "\(access) \(range)" }
}
