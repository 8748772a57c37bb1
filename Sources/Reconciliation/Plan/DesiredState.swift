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
        permissions: fewest.permissions(of: role)
          ?? role.grants.map(\.grant).onePerRange.map { Permission($0) }
      )
    }
    users = segmentation.identities.map { identity in
      User(
        name: identity.user, roles: identity.roles, isExact: identity.isIssued,
        isAPIServer: identity.purpose == .apiserver, login: identity.login)
    }
  }
}
