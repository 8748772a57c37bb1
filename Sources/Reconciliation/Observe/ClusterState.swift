import Etcd
import Keyspace
import Segmentation

/// What etcd has of users and roles: the part that a segmentation is about.
package struct ClusterState: Hashable, Sendable {
  package var authEnabled: Bool
  package var users: [String: User]
  /// The permissions of each role as etcd stores them, duplicates included.
  package var roles: [String: [Permission]]

  package struct User: Hashable, Sendable {
    package var roles: Set<String>
    /// The empty password gets in: whoever reaches etcd can become this user.
    package var acceptsEmptyPassword: Bool
    /// Of a user that is to log in with a password: why it cannot; nil also while authentication is off, when no
    /// password can be tried.
    package var passwordFault: EtcdClient.PasswordFault?

    package init(
      roles: Set<String>, acceptsEmptyPassword: Bool = false, passwordFault: EtcdClient.PasswordFault? = nil
    ) {
      self.roles = roles
      self.acceptsEmptyPassword = acceptsEmptyPassword
      self.passwordFault = passwordFault
    }
  }

  package init(authEnabled: Bool = false, users: [String: User] = [:], roles: [String: [Permission]] = [:]) {
    self.authEnabled = authEnabled
    self.users = users
    self.roles = roles
  }
}

extension ClusterState {
  /// Whether somebody besides root may read and write all of Kubernetes' keys, and so can be kube-apiserver.
  var servesKubernetes: Bool {
    users.keys.contains { $0 != Role.root && servesKubernetes($0) }
  }

  /// Whether a user may read and write all of Kubernetes' keys.
  func servesKubernetes(_ name: String) -> Bool {
    guard let user = users[name] else { return false }
    let permissions = Permissions(user.roles.flatMap { roles[$0] ?? [] }.map(\.grant))
    return user.roles.contains(Role.root) || permissions.allow(.readwrite, .prefix("/registry/"))
  }
}
