import Catalogue

/// A certificate's Common Name and the etcd user of that name.
public struct Identity: Hashable, Sendable {
  public enum Purpose: Hashable, Sendable {
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
  public enum Place: Hashable, Sendable {
    /// Anywhere, with one certificate.
    case cluster
    /// On each of these nodes, with a certificate for each and the same access everywhere.
    case nodes([NodeName])
    /// On this node and with access to what is this node's own.
    case node(NodeName)
  }

  public let user: String
  public let purpose: Purpose
  public let roles: [String]
  public let place: Place

  public init(user: String, purpose: Purpose, roles: [String], place: Place = .cluster) {
    self.user = user
    self.purpose = purpose
    self.roles = roles
    self.place = place
  }

  /// The component's name in the catalogue, for a program of Calico's.
  public var component: String? {
    if case .component(let name) = purpose { name } else { nil }
  }

  /// The node whose own the identity is.
  public var node: NodeName? {
    if case .node(let name) = place { name } else { nil }
  }

  /// Whether it holds etcd's role root, and so may do everything and change users and roles.
  public var isRoot: Bool { roles.contains(Role.root) }

  /// Whether Bulkhead issues its certificate without being asked. The administrator's is issued only when asked for
  /// outright, kube-apiserver's belongs to kubeadm, and an observed user's to whoever made it.
  public var isIssued: Bool {
    switch purpose {
    case .component, .calicoctl, .custom: true
    case .administrator, .apiserver, .observed: false
    }
  }

  /// One certificate for each place where the identity is at work.
  public var deliveries: [Delivery] {
    switch place {
    case .cluster: [Delivery(user: user, node: nil)]
    case .node(let node): [Delivery(user: user, node: node)]
    case .nodes(let nodes): nodes.map { Delivery(user: user, node: $0) }
    }
  }
}

/// A certificate and where it has to end up.
public struct Delivery: Hashable, Sendable {
  /// The certificate's Common Name.
  public let user: String
  /// Nil if it is not bound to a node.
  public let node: NodeName?

  public init(user: String, node: NodeName?) {
    self.user = user
    self.node = node
  }
}
