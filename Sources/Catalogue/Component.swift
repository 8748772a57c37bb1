import Keyspace

/// A program of Calico's, or one that shares its etcd, as the catalogue knows it.
public struct Component: Hashable, Sendable {
  /// Where a component runs, and so whether it can have an identity for each node.
  public enum Placement: String, CaseIterable, Sendable {
    /// On every node.
    case node
    /// Once for the cluster.
    case cluster
    /// Started by a person.
    case person
  }

  public let name: String
  /// What runs under this identity.
  public let summary: String
  public let placement: Placement
  /// Nil if its certificate is enough to tell etcd who it is.
  public let password: PasswordNeed?
  /// Nil if Calico publishes no table for the component.
  public let documented: PublishedTable?
  public let corrected: [CatalogueEntry]
  public let roles: [RoleNeed]
  public let seeds: [Seed]
  /// What else whoever grants this should know.
  public let notes: [String]

  public struct PublishedTable: Hashable, Sendable {
    public let source: String
    public let entries: [CatalogueEntry]
  }

  /// What the component needs under one identity for the whole cluster. Empty if the published table is asked
  /// for and there is none.
  public func grants(_ form: CatalogueForm, for installation: Installation) -> [CatalogueGrant] {
    entries(form).flatMap { $0.grants(for: installation) }
  }

  /// What remains for all nodes' users when each node has a user of its own. With ``own(_:_:for:)`` it takes
  /// the place of ``grants(_:for:)``. Published tables have no such division: all of them is shared.
  public func shared(_ form: CatalogueForm, for installation: Installation) -> [CatalogueGrant] {
    entries(form).flatMap { $0.shared(for: installation) }
  }

  /// What only the user of `node` may do.
  public func own(_ form: CatalogueForm, _ node: NodeName, for installation: Installation) -> [CatalogueGrant]
  {
    entries(form).flatMap { $0.own(node, for: installation) }
  }

  /// The built-in roles the component needs besides its grants.
  public func roles(_ form: CatalogueForm, for installation: Installation) -> [RoleNeed] {
    roles.filter { form == .documented ? $0.isDocumented : $0.condition.holds(for: installation) }
  }

  /// What has to exist before the feature ``Seed/feature`` may be claimed.
  public func seeds(for installation: Installation) -> [Seed] {
    seeds.filter { $0.condition.holds(for: installation) }
  }

  private func entries(_ form: CatalogueForm) -> [CatalogueEntry] {
    form == .documented ? documented?.entries ?? [] : corrected
  }
}

/// Why a component has to log in with a user name and a password.
public struct PasswordNeed: Hashable, Sendable {
  public let why: String
  public let source: String
}

/// A role of etcd's own that a component needs, because keys cannot express what it does.
public struct RoleNeed: Hashable, Sendable {
  public let role: String
  public let condition: Condition
  /// Whether Calico's documentation asks for it, whatever the condition.
  public let isDocumented: Bool
  public let why: String
  public let source: String
  public let without: String
}

/// A key that a component writes only if it is not there: who writes it beforehand saves the grant.
public struct Seed: Hashable, Sendable {
  public let key: Key
  public let condition: Condition
  /// What has to hold so that the component writes nothing.
  public let must: String
  public let why: String
  public let source: String
  /// The keys whose writing is no longer needed.
  public let spares: [Key]

  /// The feature with which an installation says that all seeds exist.
  public static let feature = "seeded"
}
