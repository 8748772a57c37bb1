import Etcd
import Keyspace
import Segmentation

extension ClusterState {
  /// The state that these changes lead to.
  /// - Parameter users: Those that are deleted after them.
  package func after(_ changes: [Change], deleting users: [String] = []) -> ClusterState {
    var state = self
    for change in changes { state.apply(change) }
    for user in users { state.users[user] = nil }
    return state
  }

  /// As etcd does it (etcd, `server/auth/store.go`). A role that is deleted is taken from each user that has it.
  private mutating func apply(_ change: Change) {
    switch change {
    case .addRole(let role): roles[role] = roles[role] ?? []
    case .deleteRole(let role):
      roles[role] = nil
      for name in users.keys { users[name]?.roles.remove(role) }
    case .grant(let permission, let role), .narrow(let permission, let role):
      var entries = roles[role] ?? []
      if let index = entries.firstIndex(where: permission.hasSameRange) {
        entries[index] = permission
      } else {
        entries.append(permission)
      }
      roles[role] = entries
    case .revoke(let permission, let role): roles[role]?.removeAll(where: permission.hasSameRange)
    case .addUser(let user), .addPasswordUser(let user): users[user] = users[user] ?? User(roles: [])
    case .changePassword: break
    case .deleteUser(let user): users[user] = nil
    case .link(let user, let role): users[user]?.roles.insert(role)
    case .unlink(let user, let role): users[user]?.roles.remove(role)
    }
  }

  /// The users and roles as a segmentation, for the same questions as about a file.
  /// - Parameters:
  ///   - apiservers: The users of kube-apiserver, which etcd itself does not record.
  ///   - kubernetesPrefix: What every key of Kubernetes begins with.
  package func segmentation(
    cluster: String, apiservers: [String] = [], kubernetesPrefix: Key = .kubernetes
  ) -> Segmentation {
    Segmentation(
      cluster: cluster, users: users.mapValues { $0.roles.sorted() },
      roles: roles.mapValues { $0.map(\.grant) },
      withPassword: Set(users.filter { $0.value.hasPassword || $0.value.acceptsEmptyPassword }.keys),
      apiservers: apiservers, kubernetesPrefix: kubernetesPrefix)
  }
}

extension Plan {
  /// What each user may do after the plan that it could not before, and what it may do no longer. While
  /// authentication is off, it describes what etcd permits once authentication is on.
  package func access(from state: ClusterState, cluster: String) -> SegmentationComparison {
    state.segmentation(cluster: cluster)
      .compared(to: state.after(changes).segmentation(cluster: cluster))
  }
}
