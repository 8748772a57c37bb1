import Keyspace

/// A program of Calico's, or one that shares its etcd, as the catalogue knows it.
package struct Component: Hashable, Sendable {
  /// Where a component runs, and so whether it can have an identity for each node.
  package enum Placement: String, CaseIterable, Sendable {
    /// On every node.
    case node
    /// Once for the cluster.
    case cluster
    /// Started by a person.
    case person
  }

  package let name: String
  /// What runs under this identity.
  package let summary: String
  package let placement: Placement
  /// Nil if its certificate is enough to tell etcd who it is.
  package let password: PasswordNeed?
  /// Nil if Calico publishes no table for the component.
  package let documented: PublishedTable?
  package let corrected: [CatalogueEntry]
  package let roles: [RoleNeed]
  package let seeds: [Seed]
  /// What else whoever grants this should know.
  package let notes: [String]

  package struct PublishedTable: Hashable, Sendable {
    package let source: String
    package let entries: [CatalogueEntry]
  }

  /// What the component needs under one identity for the whole cluster. Empty if the published table is asked
  /// for and there is none.
  package func grants(_ form: CatalogueForm, for installation: Installation) -> [CatalogueGrant] {
    entries(form).flatMap { $0.grants(for: installation) }
  }

  /// What remains for all nodes' users when each node has a user of its own. With ``own(_:_:for:)`` it takes
  /// the place of ``grants(_:for:)``. Published tables have no such division: all of them is shared.
  package func shared(_ form: CatalogueForm, for installation: Installation) -> [CatalogueGrant] {
    entries(form).flatMap { $0.shared(for: installation) }
  }

  /// What only the user of `node` may do.
  package func own(_ form: CatalogueForm, _ node: NodeName, for installation: Installation)
    -> [CatalogueGrant]
  {
    entries(form).flatMap { $0.own(node, for: installation) }
  }

  /// The built-in roles the component needs besides its grants.
  package func roles(_ form: CatalogueForm, for installation: Installation) -> [RoleNeed] {
    roles.filter { form == .documented ? $0.isDocumented : $0.condition.holds(for: installation) }
  }

  /// What has to exist before the feature ``Seed/feature`` may be claimed.
  package func seeds(for installation: Installation) -> [Seed] {
    seeds.filter { $0.condition.holds(for: installation) }
  }

  private func entries(_ form: CatalogueForm) -> [CatalogueEntry] {
    form == .documented ? documented?.entries ?? [] : corrected
  }
}

/// Why a component has to log in with a user name and a password.
package struct PasswordNeed: Hashable, Sendable {
  package let why: String
  package let source: String
}

/// A role of etcd's own that a component needs, because keys cannot express what it does.
package struct RoleNeed: Hashable, Sendable {
  package let role: String
  package let condition: Condition
  /// Whether Calico's documentation asks for it, whatever the condition.
  package let isDocumented: Bool
  package let why: String
  package let source: String
  package let without: String
}

/// A key that a component writes only if it is not there: who writes it beforehand saves the grant.
package struct Seed: Hashable, Sendable {
  package let key: Key
  package let condition: Condition
  /// What has to hold so that the component writes nothing.
  package let must: String
  package let why: String
  package let source: String
  /// The keys whose writing is no longer needed.
  package let spares: [Key]

  /// The feature with which an installation says that all seeds exist.
  package static let feature = "seeded"
}
