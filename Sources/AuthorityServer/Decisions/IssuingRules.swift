import Catalogue
import Certificates
import Segmentation

/// The rules for issuing: the contents of the files at one moment.
struct IssuingRules: Sendable {
  let segmentation: Segmentation
  let authority: Authority
  /// The lifetime of the server's own certificate.
  let lifetime: Duration
  /// The lifetime of what is issued over the network.
  let enrolledLifetime: Duration
  /// The authorities of etcd's server certificates in PEM.
  let etcdCA: String
  /// Calico's name of each node that has another one in Kubernetes, by the name in Kubernetes.
  private let nodesByKubernetesName: [String: NodeName]
  /// The names of ``nodesByKubernetesName`` in Calico.
  private let renamed: Set<NodeName>
  /// A set, because each request looks it up and there may be thousands of entries.
  private let deliveries: Set<Delivery>

  init(
    segmentation: Segmentation, authority: Authority, lifetime: Duration, enrolledLifetime: Duration,
    etcdCA: String, nodesByKubernetesName: [String: NodeName] = [:]
  ) {
    self.nodesByKubernetesName = nodesByKubernetesName
    renamed = Set(nodesByKubernetesName.values)
    self.enrolledLifetime = enrolledLifetime
    self.segmentation = segmentation
    self.authority = authority
    self.lifetime = lifetime
    self.etcdCA = etcdCA
    self.deliveries = Set(segmentation.deliveries)
  }

  /// What a service-account token proves, with Calico's name of the node in the place of that in Kubernetes.
  /// - Throws: `OrderRefusal` if the name is in Calico that of a node which has another one in Kubernetes: that node's
  ///   identities are not for this one.
  func named(_ entitlement: Entitlement) throws(OrderRefusal) -> Entitlement {
    guard let node = entitlement.node else { return entitlement }
    if let name = nodesByKubernetesName[node] {
      return Entitlement(node: name.text, components: entitlement.components)
    }
    guard let same = try? NodeName(node), renamed.contains(same) else { return entitlement }
    throw OrderRefusal(
      .forbidden, "\"\(node)\" is Calico's name of a node that has another name in Kubernetes",
      hint: "list the node that has this name in Kubernetes under 'nodes', with its name in Calico")
  }

  /// The holder of a certificate that was requested with this Common Name.
  ///
  /// A node gets only its own identities: never those of the administrator, of kube-apiserver, of people, of
  /// another node, or with the role root.
  func holder(of name: String, by entitlement: Entitlement) throws(OrderRefusal) -> CertificateHolder {
    // Swift compares strings by canonical equivalence, etcd by bytes.
    let named =
      segmentation[identity: name]
      ?? segmentation.identities.first { $0.login == .password && $0.certificateName == name }
    // A user that logs in with a password must not be usable with a certificate too.
    guard let identity = named, identity.certificateName.utf8.elementsEqual(name.utf8) else {
      throw OrderRefusal(
        .forbidden, "the segmentation has no identity \"\(name)\"",
        hint:
          "the request's Common Name must be one; 'bulkhead authority token list' shows what a token is for")
    }
    guard let program = identity.enrollableProgram, !identity.isRoot else {
      throw OrderRefusal(
        .forbidden, "\"\(name)\" is not issued over the network",
        hint: "'bulkhead certs issue' makes it on the authority's machine")
    }
    if let components = entitlement.components, !components.contains(program) {
      throw OrderRefusal(
        .forbidden, "\"\(name)\" is not among the components that were allowed",
        hint: "ask for the components that the token or the service account is for")
    }
    return try holder(identity, by: entitlement)
  }

  private func holder(
    _ identity: Identity, by entitlement: Entitlement
  ) throws(OrderRefusal) -> CertificateHolder {
    let node = entitlement.node
    if case .cluster = identity.place {
      // A node may get it only if the token or service account names it; being a node is not enough.
      guard entitlement.components != nil else {
        throw OrderRefusal(
          .forbidden, "\"\(identity.user)\" does not belong to a node",
          hint: "name it when the token is made: --component")
      }
      return CertificateHolder(client: identity.certificateName, component: identity.component, node: node)
    }
    guard let node else {
      throw OrderRefusal(
        .forbidden, "\"\(identity.user)\" belongs to a node, and nothing proves which node asks",
        hint:
          "use a join token of the node's, or a service-account token that names its node (Kubernetes 1.30 or later)"
      )
    }
    guard let name = try? NodeName(node),
      deliveries.contains(Delivery(user: identity.certificateName, node: name))
    else {
      throw OrderRefusal(
        .forbidden, "the node \"\(node)\" has no identity \"\(identity.user)\"",
        hint: "a node gets its own identities only; is it among 'nodes' in the file?")
    }
    return CertificateHolder(
      client: identity.certificateName, component: identity.component, node: node,
      sharesName: identity.sharesCertificateName)
  }
}

extension Identity {
  /// The name in tokens and service accounts of a program that may request its certificate over the network;
  /// nil for others.
  var enrollableProgram: String? {
    switch purpose {
    case .component(let name): name
    case .custom: user
    case .administrator, .coAdministrator, .apiserver, .calicoctl, .observed: nil
    }
  }
}
