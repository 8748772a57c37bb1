/// A key range and the access to it: one permission of an etcd role.
package struct Grant: Hashable, Sendable {
  package let range: KeyRange
  package let access: Access

  package init(_ range: KeyRange, _ access: Access) {
    self.range = range
    self.access = access
  }
}

extension Grant: CustomStringConvertible {
  package var description: String { "\(access) \(range)" }
}
