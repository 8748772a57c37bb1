import Keyspace

/// One line of a component's table: which keys, what for, and who says so.
package struct CatalogueEntry: Hashable, Sendable {
  package let pattern: KeyPattern
  package let access: Access
  package let condition: Condition
  /// What the program does with the keys: one sentence.
  package let why: String
  /// The file of Calico's source (or of the project named), or the page, that shows it.
  package let source: String
  /// What happens if it is refused. Nil in a published table.
  package let without: String?
  /// Where a published table allows more than is used: why that is too much.
  package let excess: String?
  /// How the entry divides when each node has a user of its own; nil if all nodes need all of it.
  package let nodeScope: NodeScope?

  func grants(for installation: Installation) -> [CatalogueGrant] {
    condition.holds(for: installation)
      ? grants([NodeScope.Part(pattern, access)], installation, node: nil) : []
  }

  /// What every node's user needs.
  func shared(for installation: Installation) -> [CatalogueGrant] {
    guard let nodeScope else { return grants(for: installation) }
    return condition.holds(for: installation) ? grants(nodeScope.shared, installation, node: nil) : []
  }

  /// What only `node`'s user needs.
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

/// How an entry divides into a part of the node's own and a part that all nodes share.
package struct NodeScope: Hashable, Sendable {
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

  /// Patterns that name the node.
  package let own: [Part]
  package let shared: [Part]
  /// Why the shared part has to be shared, or that nothing is.
  package let why: String
}

/// An entry of the catalogue made concrete for one installation, and for one node where it is a node's own.
package struct CatalogueGrant: Hashable, Sendable {
  package let grant: Grant
  /// Where it comes from, with the reasons. Its own range is wider where ``grant`` is a node's part.
  package let entry: CatalogueEntry
}
