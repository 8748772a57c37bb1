/// A temporary administrator with a password, with which authentication can be turned off again.
package struct WayBack: Codable, Hashable, Sendable {
  package let user: String
  package let password: String

  package init(user: String, password: String) {
    self.user = user
    self.password = password
  }
}

/// Notes a ``WayBack`` outside of etcd while it exists, so that it survives a process that is killed.
package struct WayBackKeeper: Sendable {
  /// The note must be on the disk when this returns.
  let keep: @Sendable (WayBack) throws -> Void
  let forget: @Sendable () throws -> Void

  package init(
    keep: @escaping @Sendable (WayBack) throws -> Void, forget: @escaping @Sendable () throws -> Void
  ) {
    self.keep = keep
    self.forget = forget
  }

  /// Notes nothing.
  package static let none = WayBackKeeper(keep: { _ in }, forget: {})
}
