/// A key range and what may be done in it: one line of an etcd role.
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
