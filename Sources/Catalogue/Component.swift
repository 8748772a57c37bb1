import Keyspace

/// A program of Calico, or another program that shares its etcd, as described in the catalogue.
package struct Component: Hashable, Sendable {
  /// Where a component runs, and so whether it can have an identity per node.
  package enum Placement: String, CaseIterable, Sendable {
    /// On every node.
    case node
    /// Once for the cluster.
    case cluster
    /// Started by a person.
    case person
  }

  package let name: String
  /// The program or programs that use this identity.
  package let summary: String
  package let placement: Placement
  /// nil if the component authenticates with its certificate.
  package let password: PasswordNeed?
  /// nil if Calico publishes no table for the component.
  package let documented: PublishedTable?
  package internal(set) var corrected: [CatalogueEntry]
  package let roles: [RoleNeed]
  package let seeds: [Seed]
  /// Further remarks for people who grant this access.
  package let notes: [String]

  /// The table in Calico's documentation.
  package struct PublishedTable: Hashable, Sendable {
    package let source: String
    package let entries: [CatalogueEntry]
  }

  /// The grants that the component needs under one identity for the whole cluster. Empty for the published
  /// form if there is no published table.
  package func grants(_ form: CatalogueForm, for installation: Installation) -> [CatalogueGrant] {
    entries(form).flatMap { $0.grants(for: installation) }
  }

  /// The grants that all nodes share if each node has its own user. With ``own(_:_:for:)`` it replaces
  /// ``grants(_:for:)``. Published tables are not divided: all of their grants are shared.
  package func shared(_ form: CatalogueForm, for installation: Installation) -> [CatalogueGrant] {
    entries(form).flatMap { $0.shared(for: installation) }
  }

  /// The grants of only the user of `node`.
  package func own(_ form: CatalogueForm, _ node: NodeName, for installation: Installation)
    -> [CatalogueGrant]
  {
    entries(form).flatMap { $0.own(node, for: installation) }
  }

  /// The built-in roles that the component needs besides its grants.
  package func roles(_ form: CatalogueForm, for installation: Installation) -> [RoleNeed] {
    roles.filter { form == .documented ? $0.isDocumented : $0.condition.holds(for: installation) }
  }

  /// The objects that must exist before the feature ``Seed/feature`` may be used.
  package func seeds(for installation: Installation) -> [Seed] {
    seeds.filter { $0.condition.holds(for: installation) }
  }

  private func entries(_ form: CatalogueForm) -> [CatalogueEntry] {
    form == .documented ? documented?.entries ?? [] : corrected
  }
}

/// Why a component must log in with a user name and a password.
package struct PasswordNeed: Hashable, Sendable {
  package let why: String
  package let source: String
}

/// A built-in role of etcd that a component needs, because grants on keys cannot express what it does.
package struct RoleNeed: Hashable, Sendable {
  package let role: String
  package let condition: Condition
  /// Whether Calico's documentation requires it, whatever the condition.
  package let isDocumented: Bool
  package let why: String
  package let source: String
  package let without: String
}

/// A key that a component writes only if it does not exist: an administrator who creates it beforehand saves
/// the grant.
package struct Seed: Hashable, Sendable {
  package let key: Key
  package let condition: Condition
  /// What must be true of the object so that the component does not write it.
  package let must: String
  package let why: String
  package let source: String
  /// The keys for which the component then needs no write access.
  package let spares: [Key]

  /// The feature with which an installation declares that all seeds exist.
  package static let feature = "seeded"
}
