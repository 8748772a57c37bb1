import Catalogue
import Names

/// A certificate's Common Name and the etcd user of that name.
package struct Identity: Hashable, Sendable {
  /// What the identity is for.
  package enum Purpose: Hashable, Sendable {
    /// etcd's administrator.
    case administrator
    /// Another program or person that holds the role root, and why.
    case coAdministrator(why: String)
    /// kube-apiserver, whose certificate exists already.
    case apiserver
    /// A program of Calico, by its name in the catalogue.
    case component(String)
    /// A person or program that uses calicoctl.
    case calicoctl(SegmentationFile.CalicoctlUser.Access)
    /// A program that is not in the catalogue.
    case custom
    /// A user found in a cluster, whose purpose is unknown.
    case observed
  }

  /// Where the identity is used.
  package enum Place: Hashable, Sendable {
    /// Anywhere, with one certificate.
    case cluster
    /// On each of these nodes, with a certificate per node and the same access everywhere.
    case nodes([NodeName])
    /// On this node, with access to the keys of this node.
    case node(NodeName)
  }

  /// How the client authenticates: by certificate or by password, never by both. etcd would treat a request
  /// with a token and one with only the certificate of the same client as two users (etcd,
  /// `server/etcdserver/v3_server.go`, `AuthInfoFromCtx`).
  package enum Login: Hashable, Sendable {
    /// By the Common Name of its certificate.
    case certificate
    /// By a password. Its certificate only secures the connection, and has no Common Name.
    case password
  }

  package let user: String
  package let purpose: Purpose
  package let roles: [String]
  package let place: Place
  package let login: Login

  package init(
    user: String, purpose: Purpose, roles: [String], place: Place = .cluster, login: Login = .certificate
  ) {
    self.user = user
    self.purpose = purpose
    self.roles = roles
    self.place = place
    self.login = login
  }

  /// The name of the component in the catalogue, if it is one.
  package var component: String? {
    if case .component(let name) = purpose { name } else { nil }
  }

  /// The node that the identity belongs to; nil if it is not bound to a single node.
  package var node: NodeName? {
    if case .node(let name) = place { name } else { nil }
  }

  /// Whether it has etcd's role root, and so may do everything, including changes of users and roles.
  package var isRoot: Bool { roles.contains(Role.root) }

  /// Whether Bulkhead issues its certificate by default. Administrators' are issued only on explicit request,
  /// kube-apiserver's is issued by kubeadm, and nothing is known of an observed user's.
  package var isIssued: Bool {
    switch purpose {
    case .component, .calicoctl, .custom: true
    case .administrator, .coAdministrator, .apiserver, .observed: false
    }
  }

  /// The name of its certificates (``CertificateName``): the user, which is their Common Name, or for a password
  /// login a name that is not a user, in certificates without a Common Name.
  package var certificateName: String {
    login == .certificate ? user : CertificateName.transportName(of: component ?? user)
  }

  /// One certificate for each place where the identity is used.
  package var deliveries: [Delivery] {
    switch place {
    case .cluster: [Delivery(user: certificateName, node: nil)]
    case .node(let node): [Delivery(user: certificateName, node: node)]
    case .nodes(let nodes): nodes.map { Delivery(user: certificateName, node: $0) }
    }
  }

  /// Whether several nodes have certificates with this name.
  package var sharesCertificateName: Bool {
    switch place {
    case .cluster: false
    case .node: login == .password
    case .nodes: true
    }
  }
}

/// A certificate and the node that it is delivered to.
package struct Delivery: Hashable, Sendable {
  /// The name of the certificate; the user, except for a password login.
  package let user: String
  /// nil if the certificate is not bound to a node.
  package let node: NodeName?

  package init(user: String, node: NodeName?) {
    self.user = user
    self.node = node
  }
}
