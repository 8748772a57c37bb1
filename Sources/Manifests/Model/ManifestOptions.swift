/// The credential with which a component authenticates to etcd, and the Secret that contains it.
package struct ComponentSecret: Sendable, Equatable {
  /// `calico-node`, `cni-plugin`, `kube-controllers`, `flannel`, `calicoctl`, or any other name to which
  /// ``ManifestOptions/components`` maps a container.
  package var component: String
  /// The name of the Secret object; ``ManifestOptions/SecretNames/hashed`` appends a part of the hash.
  package var name: String
  /// The content of the Secret; nil if Secrets are not written.
  package var material: Material?
  /// SHA-256 of the material in lower-case hexadecimal digits; nil if the material is not known.
  package var hash: String?

  package init(component: String, name: String, material: Material? = nil, hash: String? = nil) {
    self.component = component
    self.name = name
    self.material = material
    self.hash = hash
  }

  /// The usual name of an identity's Secret: `alice-etcd-secrets`.
  package static func name(of identity: String) -> String { "\(identity)-etcd-secrets" }

  /// The five components of Calico's own manifests, and Typha, which those have for the Kubernetes datastore only; with
  /// the default names of their Secrets.
  package static let defaults: [ComponentSecret] = [
    ComponentSecret(component: "calico-node", name: "calico-node-etcd-secrets"),
    ComponentSecret(component: "cni-plugin", name: "calico-cni-etcd-secrets"),
    ComponentSecret(component: "kube-controllers", name: "calico-kube-controllers-etcd-secrets"),
    ComponentSecret(component: "typha", name: "calico-typha-etcd-secrets"),
    ComponentSecret(component: "flannel", name: "flannel-etcd-secrets"),
    ComponentSecret(component: "calicoctl", name: "calicoctl-etcd-secrets"),
  ]

  /// The contents of three PEM files. Its descriptions and mirror are empty, so that no log or error can
  /// contain the key.
  package struct Material: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
  {
    package let ca: [UInt8]
    package let certificate: [UInt8]
    package let key: [UInt8]

    package init(ca: [UInt8], certificate: [UInt8], key: [UInt8]) {
      self.ca = ca
      self.certificate = certificate
      self.key = key
    }

    package var description: String { "credential (not shown)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
  }
}

/// The options for segmenting a manifest.
package struct ManifestOptions: Sendable {
  /// Where the documents of the new Secrets are written.
  package enum SecretPlacement: Sendable {
    /// In the manifest: at the place of the shared Secret, or after it if it is kept, or at the end.
    case inline
    /// In a separate text.
    case separate
    /// Not written: the user creates them.
    case none
  }

  /// How Secrets are named, and how the workloads restart when a credential is renewed.
  package enum SecretNames: Sendable {
    /// The name ends in ten digits of the hash and the Secret is immutable. A renewed credential is a new
    /// Secret, so the workloads restart, and `kubectl rollout undo` still finds the old one. If the hash is
    /// not known, the plain name is used, and a name with any such ending is accepted.
    case hashed
    /// The plain name, with the hashes in an annotation of the pod template, so that the workloads restart.
    case fixed
  }

  /// What happens to the document of the Secret that the components shared.
  package enum SharedSecret: Sendable {
    /// Removed if it is empty, because applying it could empty the live Secret under running pods
    /// (kubernetes#40630); kept, with a warning, if it has content.
    case dropUnpopulated
    case keep
    case drop
  }

  /// How credentials get to the pods.
  package enum Delivery: Sendable, Equatable {
    /// By Secrets.
    case secrets
    /// Pods of a DaemonSet, and the CNI plugin, read them from a folder on each host, such as `/etc/bulkhead`, which
    /// contains a folder per component with the files `etcd-ca`, `etcd-cert` and `etcd-key`. Other workloads keep
    /// Secrets, because they are not bound to a host.
    case host(folder: String)
    /// Pods of DaemonSets and Deployments have an agent, which creates a key, gets a certificate for it and renews the
    /// certificate. It keeps both in memory, in a DaemonSet usually on the host.
    case agent(AgentPlacement)
  }

  package var secrets: [ComponentSecret]
  package var delivery: Delivery
  package var secretNames: SecretNames
  package var placement: SecretPlacement
  package var sharedSecret: SharedSecret
  /// Explicit components of containers: container name to component, such as `felix` to `calico-node`.
  package var components: [String: String]
  /// ``secrets``, and a Secret for each further name to which ``components`` maps a container. Who writes no Secrets
  /// need not list these.
  var allSecrets: [ComponentSecret] {
    let further = Set(components.values).subtracting(secrets.map(\.component)).sorted()
    return secrets + further.map { ComponentSecret(component: $0, name: ComponentSecret.name(of: $0)) }
  }

  /// The name of the CNI network that the CNI plugin has access for; nil if it is not known.
  package var network: String?
  /// Whether a file without a container that needs a credential is passed on as it is, as in a pipeline of functions.
  package var mayHaveNone = false

  package init(
    secrets: [ComponentSecret] = ComponentSecret.defaults, secretNames: SecretNames = .hashed,
    delivery: Delivery = .secrets, placement: SecretPlacement = .none,
    sharedSecret: SharedSecret = .dropUnpopulated,
    components: [String: String] = [:], network: String? = nil
  ) {
    self.secrets = secrets
    self.delivery = delivery
    self.secretNames = secretNames
    self.placement = placement
    self.sharedSecret = sharedSecret
    self.components = components
    self.network = network
  }
}
