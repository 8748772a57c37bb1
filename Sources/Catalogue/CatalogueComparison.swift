import Keyspace

/// How the published table of a component differs from what it really needs, for one installation.
package struct CatalogueComparison: Hashable, Sendable {
  package let component: String
  /// One for each corrected grant that the published table does not fully allow.
  package let missing: [Difference]
  /// One for each published grant that allows more than the component uses.
  package let excessive: [Difference]

  /// A grant of one form, with the part of it that the other form does not allow.
  package struct Difference: Hashable, Sendable {
    /// The grant that the other form does not cover. Its entry says what fails without it (if missing) or why
    /// it is too much (if excessive).
    package let grant: CatalogueGrant
    /// The part of it that the other form does not allow to read.
    package let readable: KeyRangeSet
    /// The part of it that the other form does not allow to write.
    package let writable: KeyRangeSet

    init?(_ grant: CatalogueGrant, beyond other: Permissions) {
      let own = Permissions([grant.grant])
      self.grant = grant
      readable = own.readable.subtracting(other.readable)
      writable = own.writable.subtracting(other.writable)
      if readable.isEmpty && writable.isEmpty { return nil }
    }
  }

  /// - Returns: nil if Calico publishes no table for the component.
  package init?(of component: Component, for installation: Installation) {
    guard component.documented != nil else { return nil }
    let documented = component.grants(.documented, for: installation)
    let corrected = component.grants(.corrected, for: installation)
    let allowed = Permissions(documented.map(\.grant))
    let needed = Permissions(corrected.map(\.grant))
    self.component = component.name
    missing = corrected.compactMap { Difference($0, beyond: allowed) }
    excessive = documented.compactMap { Difference($0, beyond: needed) }
  }
}
