import Catalogue

/// A certificate's Common Name and the etcd user of that name.
package struct Identity: Hashable, Sendable {
  package enum Purpose: Hashable, Sendable {
    /// etcd's administrator.
    case administrator
    /// kube-apiserver, which has a certificate already.
    case apiserver
    /// A program of Calico's, by its name in the catalogue.
    case component(String)
    /// Somebody who uses calicoctl.
    case calicoctl(SegmentationFile.CalicoctlUser.Access)
    /// A program that the catalogue does not know.
    case custom
    /// A user found in a cluster: nothing says what it is for.
    case observed
  }

  /// Where the identity is at work.
  package enum Place: Hashable, Sendable {
    /// Anywhere, with one certificate.
    case cluster
    /// On each of these nodes, with a certificate for each and the same access everywhere.
    case nodes([NodeName])
    /// On this node and with access to what is this node's own.
    case node(NodeName)
  }

  /// How etcd is told who it is. Never both ways: a request with a token and one with a certificate of the same client
  /// would be two users (etcd, `server/etcdserver/v3_server.go`, `AuthInfoFromCtx`).
  package enum Login: Hashable, Sendable {
    /// By the Common Name of its certificate.
    case certificate
    /// By a password. Its certificate only secures the connection, and stands for no user.
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

  /// The component's name in the catalogue, for a program of Calico's.
  package var component: String? {
    if case .component(let name) = purpose { name } else { nil }
  }

  /// The node whose own the identity is.
  package var node: NodeName? {
    if case .node(let name) = place { name } else { nil }
  }

  /// Whether it holds etcd's role root, and so may do everything and change users and roles.
  package var isRoot: Bool { roles.contains(Role.root) }

  /// Whether Bulkhead issues its certificate without being asked. The administrator's is issued only when asked for
  /// outright, kube-apiserver's belongs to kubeadm, and an observed user's to whoever made it.
  package var isIssued: Bool {
    switch purpose {
    case .component, .calicoctl, .custom: true
    case .administrator, .apiserver, .observed: false
    }
  }

  /// The Common Name of its certificates: the user, or a name that is no user where a password says who it is.
  package var commonName: String {
    login == .certificate ? user : UserName.transport(of: component ?? user)
  }

  /// One certificate for each place where the identity is at work.
  package var deliveries: [Delivery] {
    switch place {
    case .cluster: [Delivery(user: commonName, node: nil)]
    case .node(let node): [Delivery(user: commonName, node: node)]
    case .nodes(let nodes): nodes.map { Delivery(user: commonName, node: $0) }
    }
  }

  /// Whether the certificates of several nodes have its Common Name.
  package var sharesCommonName: Bool {
    switch place {
    case .cluster: false
    case .node: login == .password
    case .nodes: true
    }
  }
}

/// A certificate and where it has to end up.
package struct Delivery: Hashable, Sendable {
  /// The certificate's Common Name; the user's, unless that logs in with a password.
  package let user: String
  /// Nil if it is not bound to a node.
  package let node: NodeName?

  package init(user: String, node: NodeName?) {
    self.user = user
    self.node = node
  }
}
