import Keyspace

/// One line of a component's table: the keys, their purpose and the source.
package struct CatalogueEntry: Hashable, Sendable {
  package let pattern: KeyPattern
  package let access: Access
  package let condition: Condition
  /// What the program uses the keys for: one sentence.
  package let why: String
  /// The file in the source of Calico (or of the named project), or the page, that shows it.
  package let source: String
  /// What happens if access is refused; nil in a published table.
  package let without: String?
  /// For a published table that allows more than is used: why that is too much.
  package let excess: String?
  /// How the entry divides if each node has its own user; nil if every node needs all of it.
  package let nodeScope: NodeScope?
  /// The releases with which a real program was seen to use the keys.
  package var seen = Seen()

  func grants(for installation: Installation) -> [CatalogueGrant] {
    condition.holds(for: installation)
      ? grants([NodeScope.Part(pattern, access)], installation, node: nil) : []
  }

  /// The grants that the users of all nodes need.
  func shared(for installation: Installation) -> [CatalogueGrant] {
    guard let nodeScope else { return grants(for: installation) }
    return condition.holds(for: installation) ? grants(nodeScope.shared, installation, node: nil) : []
  }

  /// The grants that only the user of `node` needs.
  func own(_ node: NodeName, for installation: Installation) -> [CatalogueGrant] {
    guard let nodeScope, condition.holds(for: installation) else { return [] }
    return grants(nodeScope.own, installation, node: node)
  }

  private func grants(_ parts: [NodeScope.Part], _ installation: Installation, node: NodeName?)
    -> [CatalogueGrant]
  {
    parts.filter { $0.condition.holds(for: installation) }.compactMap { part in
      part.pattern.range(for: installation, node: node).map {
        CatalogueGrant(grant: Grant($0, part.access), entry: self)
      }
    }
  }
}

/// How an entry divides into a part of a single node and a part that all nodes share.
package struct NodeScope: Hashable, Sendable {
  /// A key or prefix of the part, its access and the condition under which it applies.
  package struct Part: Hashable, Sendable {
    package let pattern: KeyPattern
    package let access: Access
    package let condition: Condition

    init(_ pattern: KeyPattern, _ access: Access, _ condition: Condition = .always) {
      self.pattern = pattern
      self.access = access
      self.condition = condition
    }
  }

  /// Patterns that contain the node's name.
  package let own: [Part]
  package let shared: [Part]
  /// Why the shared part must be shared, or that there is no shared part.
  package let why: String
}

/// An entry of the catalogue resolved for one installation, and for one node if it is divided.
package struct CatalogueGrant: Hashable, Sendable {
  package let grant: Grant
  /// The entry that it comes from, with the reasons. The entry's range is wider if ``grant`` is one node's
  /// part.
  package let entry: CatalogueEntry
}
