import Keyspace

extension Segmentation {
  /// The users and roles of a running cluster as a segmentation, for the same questions as about a file.
  ///
  /// Sorted by name, root first. Roles of a user that do not exist stay among its roles and grant nothing.
  /// - Parameters:
  ///   - users: The roles of each user.
  ///   - roles: The grants of each role except `root`.
  ///   - withPassword: The users that have a password, the empty one included.
  ///   - apiservers: The users of kube-apiserver, which etcd itself does not record.
  ///   - kubernetesPrefix: What every key of Kubernetes begins with.
  package init(
    cluster: String, users: [String: [String]], roles: [String: [Grant]],
    withPassword: Set<String> = [], apiservers: [String] = [], kubernetesPrefix: Key = .kubernetes
  ) {
    self.init(
      cluster: cluster,
      identities: users.keys.sorted { ($0 != Role.root, $0) < ($1 != Role.root, $1) }.map { user in
        Identity(
          user: user,
          purpose: user == Role.root ? .administrator : apiservers.contains(user) ? .apiserver : .observed,
          roles: (users[user] ?? []).sorted(),
          login: withPassword.contains(user) ? .password : .certificate)
      },
      roles: roles.keys.filter { $0 != Role.root }.sorted().map { name in
        Role(name: name, grants: (roles[name] ?? []).map { Role.Line($0) })
      }, kubernetesPrefix: kubernetesPrefix)
  }
}

private func < (left: (Bool, String), right: (Bool, String)) -> Bool {
  left.0 == right.0 ? left.1 < right.1 : !left.0
}
