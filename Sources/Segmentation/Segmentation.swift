import Keyspace

/// The identities of a cluster and what each may do: the model from which plans, answers, certificates and
/// manifests are derived.
package struct Segmentation: Hashable, Sendable {
  package let cluster: String
  /// In the order of the file, the administrator first.
  package let identities: [Identity]
  /// In the order in which the identities first need them; without etcd's own role `root`.
  package let roles: [Role]
  /// What every key of Kubernetes begins with.
  package let kubernetesPrefix: Key
  private let identityIndex: [String: Int]
  private let roleIndex: [String: Int]

  package init(
    cluster: String, identities: [Identity], roles: [Role], kubernetesPrefix: Key = .kubernetes
  ) {
    self.kubernetesPrefix = kubernetesPrefix
    self.cluster = cluster
    self.identities = identities
    self.roles = roles
    identityIndex = .init(zip(identities.map(\.user), identities.indices)) { first, _ in first }
    roleIndex = .init(zip(roles.map(\.name), roles.indices)) { first, _ in first }
  }

  /// The identity of a user; nil if there is no such identity.
  package subscript(identity user: String) -> Identity? { identityIndex[user].map { identities[$0] } }
  /// The role of this name; nil if it does not exist, and for `root`.
  package subscript(role name: String) -> Role? { roleIndex[name].map { roles[$0] } }

  /// All keys of Kubernetes.
  package var kubernetes: KeyRange { .prefix(kubernetesPrefix) }

  /// The names of keys, those of Kubernetes by ``kubernetesPrefix``.
  package var keyNames: KeyNames { .with(kubernetes: kubernetesPrefix) }

  /// Everything that the identity may do with keys, through all of its roles.
  package func permissions(of identity: Identity) -> Permissions {
    identity.isRoot ? .root : Permissions(lines(of: identity).map(\.line.grant))
  }

  /// Each line of each of the identity's roles.
  func lines(of identity: Identity) -> [RoleLine] {
    identity.roles.compactMap { self[role: $0] }.flatMap { role in
      role.grants.map { RoleLine(role: role.name, line: $0) }
    }
  }

  /// The certificates that Bulkhead issues for the segmentation, in the order of the identities and their
  /// nodes.
  package var deliveries: [Delivery] { identities.filter(\.isIssued).flatMap(\.deliveries) }

  /// The users of kube-apiserver that have no role root.
  package var apiServersWithoutRoot: [String] {
    identities.filter { $0.purpose == .apiserver && !$0.isRoot }.map(\.user)
  }

  /// The users that log in with a password, in the order of the identities.
  package var passwordUsers: [String] { identities.filter { $0.login == .password }.map(\.user) }
}

/// An etcd role: a name and its grants.
package struct Role: Hashable, Sendable {
  /// etcd's built-in role, which may do everything and needs no grants.
  package static let root = "root"

  /// A grant with its reasons.
  package struct Line: Hashable, Sendable {
    package let grant: Grant
    /// What the program uses the keys for; empty for grants that are not from the catalogue.
    package let why: String
    /// Why the grant is the same for all nodes although each node has its own user; nil if nodes are not
    /// divided, or if the entry of the catalogue cannot be divided.
    package let whyShared: String?

    package init(_ grant: Grant, why: String = "", whyShared: String? = nil) {
      self.grant = grant
      self.why = why
      self.whyShared = whyShared
    }
  }

  package let name: String
  package let grants: [Line]

  package init(name: String, grants: [Line]) {
    self.name = name
    self.grants = grants
  }
}

/// A line of a role, with the name of the role: the reason for an answer.
package struct RoleLine: Hashable, Sendable {
  package let role: String
  package let line: Role.Line
}

extension RoleLine: CustomStringConvertible {
  package var description: String { "\(line.grant) (role \(role))" }
}
