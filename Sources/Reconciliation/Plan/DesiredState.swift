import Etcd
import Keyspace
import Segmentation

/// The users and roles that a segmentation defines for etcd, in the order in which they are created.
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
    /// Whether the user may have no roles besides ``roles``. False for root, the other administrators of the file and
    /// kube-apiserver, which others manage.
    package let isExact: Bool
    package let isAPIServer: Bool
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
      User(
        name: identity.user, roles: identity.roles, isExact: identity.isIssued,
        isAPIServer: identity.purpose == .apiserver, login: identity.login)
    }
  }

  /// etcd stores one access per range, so grants of the same range are merged.
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
