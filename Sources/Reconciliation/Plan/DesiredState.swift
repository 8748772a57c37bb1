import Etcd
import Keyspace
import Segmentation

/// What a segmentation wants etcd to have, in the order in which it is to be made.
package struct DesiredState: Hashable, Sendable {
  package let roles: [Role]
  package let users: [User]

  package struct Role: Hashable, Sendable {
    package let name: String
    package let permissions: [Permission]
  }

  package struct User: Hashable, Sendable {
    package let name: String
    package let roles: [String]
    /// Whether ``roles`` is all that the user may have. It is not for root and kube-apiserver, which others manage.
    package let isExact: Bool
    package let login: Identity.Login
  }

  package init(_ segmentation: Segmentation) {
    var fewest = FewestGrants(segmentation)
    roles = segmentation.roles.map { role in
      Role(
        name: role.name,
        permissions: fewest.permissions(of: role) ?? Self.merged(role.grants.map(\.grant)))
    }
    users = segmentation.identities.map { identity in
      User(name: identity.user, roles: identity.roles, isExact: identity.isIssued, login: identity.login)
    }
  }

  /// etcd keeps one access for a range, so grants of the same range become one.
  private static func merged(_ grants: [Grant]) -> [Permission] {
    var order: [KeyRange] = []
    var access: [KeyRange: Access] = [:]
    for grant in grants {
      if access[grant.range] == nil { order.append(grant.range) }
      access[grant.range, default: []].formUnion(grant.access)
    }
    return order.map { Permission(Grant($0, access[$0, default: []])) }
  }
}
