import Etcd
import Keyspace
import Segmentation

/// The users and roles in etcd: the part of a cluster that a segmentation describes.
package struct ClusterState: Hashable, Sendable {
  package var authEnabled: Bool
  /// By name.
  package var users: [String: User]
  /// The permissions of each role as etcd stores them, duplicates included.
  package var roles: [String: [Permission]]

  package struct User: Hashable, Sendable {
    package var roles: Set<String>
    /// Login with the empty password succeeds: anyone who reaches etcd can act as this user.
    package var acceptsEmptyPassword: Bool
    /// A login with the empty password was refused because of the password, so the user has another one.
    /// False while authentication is off: no password can be tried then.
    package var hasPassword: Bool
    /// Why a user that is to log in with a password cannot. nil if it can, and while authentication is off:
    /// no password can be tried then.
    package var passwordFault: EtcdClient.PasswordFault?

    package init(
      roles: Set<String>, acceptsEmptyPassword: Bool = false, hasPassword: Bool = false,
      passwordFault: EtcdClient.PasswordFault? = nil
    ) {
      self.roles = roles
      self.hasPassword = hasPassword
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
  /// What a user may do, through all of its roles; nothing if it does not exist.
  package func permissions(ofUser name: String) -> Permissions {
    permissions(ofRoles: users[name]?.roles ?? [])
  }

  /// What a user with these roles may do.
  package func permissions(ofRoles names: some Sequence<String>) -> Permissions {
    names.contains(Role.root) ? .root : Permissions(names.flatMap { roles[$0] ?? [] }.map(\.grant))
  }

  /// Why a client that is no administrator may write Bulkhead's record; nil if none may.
  var recordDoubt: String? {
    guard authEnabled else { return "authentication is off, so every client may write Bulkhead's record" }
    let writing = Set(
      roles.filter { name, permissions in
        name != Role.root
          && permissions.contains {
            $0.access.contains(.write) && $0.grant.range.intersection(OwnKeys.all) != nil
          }
      }.keys)
    guard !writing.isEmpty,
      let user = users.filter({ !$0.value.roles.isDisjoint(with: writing) }).keys.min()
    else { return nil }
    return "the user '\(user)' may write Bulkhead's record"
  }

  /// Whether this user may read and write all of these keys, those of Kubernetes, and so may be kube-apiserver.
  func serves(_ kubernetes: KeyRange, _ name: String) -> Bool {
    guard let user = users[name] else { return false }
    let permissions = Permissions(user.roles.flatMap { roles[$0] ?? [] }.map(\.grant))
    return user.roles.contains(Role.root) || permissions.allow(.readwrite, kubernetes)
  }
}
