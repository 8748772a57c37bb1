import Catalogue
import Keyspace
import Segmentation

/// The roles that only identities of one node have.
struct NodeRoles {
  private var roles: [String: Set<String>] = [:]
  private let grants: [String: [KeyRange]]

  init(_ identities: [Identity], _ segmentation: Segmentation) {
    var holders: [String: Set<String?>] = [:]
    for identity in identities {
      for role in identity.roles { holders[role, default: []].insert(identity.node?.description) }
    }
    for (role, nodes) in holders where nodes.count == 1 {
      if case let node?? = nodes.first { roles[node, default: []].insert(role) }
    }
    grants = Dictionary(segmentation.roles.map { ($0.name, $0.grants.map(\.grant.range)) }) { first, _ in
      first
    }
  }

  /// What those roles grant.
  func ranges(ofNode node: String) -> [KeyRange] {
    (roles[node] ?? []).sorted().flatMap { grants[$0] ?? [] }
  }

  /// The same for identities that are equal for etcd but for the name of their node.
  func structure(of identity: Identity) -> [String] {
    let own = (identity.node?.description).flatMap { roles[$0] } ?? []
    let shared = identity.roles.filter { !own.contains($0) }.sorted()
    let divided = identity.roles.filter(own.contains)
    guard let component = identity.component, !divided.isEmpty else { return identity.roles.sorted() }
    return shared + [
      "\(component) on a node", "\(divided.reduce(0) { $0 + (grants[$1]?.count ?? 0) }) grants",
    ]
  }
}
