/// What a component authenticates to etcd with, and the Secret that carries it.
package struct ComponentSecret: Sendable, Equatable {
  /// `calico-node`, `cni-plugin`, `kube-controllers`, `flannel`, `calicoctl`, or a name of one's own that
  /// ``ManifestOptions/components`` maps a container to.
  package var component: String
  /// The name of the Secret object, to which ``ManifestOptions/SecretNames/hashed`` adds some of the hash.
  package var name: String
  /// What the Secret holds; not needed where Secrets are not written.
  package var material: Material?
  /// SHA-256 of the material in lower-case hexadecimal digits; nil where the material is not known.
  package var hash: String?

  package init(component: String, name: String, material: Material? = nil, hash: String? = nil) {
    self.component = component
    self.name = name
    self.material = material
    self.hash = hash
  }

  /// The five components of Calico's own manifests with the names Bulkhead gives their Secrets.
  package static let defaults: [ComponentSecret] = [
    ComponentSecret(component: "calico-node", name: "calico-node-etcd-secrets"),
    ComponentSecret(component: "cni-plugin", name: "calico-cni-etcd-secrets"),
    ComponentSecret(component: "kube-controllers", name: "calico-kube-controllers-etcd-secrets"),
    ComponentSecret(component: "flannel", name: "flannel-etcd-secrets"),
    ComponentSecret(component: "calicoctl", name: "calicoctl-etcd-secrets"),
  ]

  /// Three PEM files. Never described, so that no log or error can hold the key.
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

/// How a manifest is to be segmented.
package struct ManifestOptions: Sendable {
  package enum SecretPlacement: Sendable {
    /// In the manifest: in the place of the shared Secret, or after it where it is kept, or at the end.
    case inline
    /// In a text of their own.
    case separate
    /// Not at all: whoever applies the manifest has made them.
    case none
  }

  /// How Secrets are named, which is also how workloads come to know that a credential was renewed.
  package enum SecretNames: Sendable {
    /// The name ends in ten digits of the hash and the Secret is immutable: a renewed credential is another
    /// Secret, so that the workloads restart, and `kubectl rollout undo` finds the one before. Where no hash
    /// is known, the name as it is, and any such ending is taken as right.
    case hashed
    /// The name as it is, and the hashes in an annotation of the pod template, so that the workloads restart.
    case fixed
  }

  /// What becomes of the document of the Secret that the components shared.
  package enum SharedSecret: Sendable {
    /// Left out when it holds nothing, since applying it could blank the live one under running pods
    /// (kubernetes#40630); kept, with a warning, when it holds something.
    case dropUnpopulated
    case keep
    case drop
  }

  /// How credentials come to the pods.
  package enum Delivery: Sendable, Equatable {
    /// By Secrets.
    case secrets
    /// To the pods of a DaemonSet by a folder on each host, such as `/etc/bulkhead`, in which each component has
    /// a folder of its name with the files `etcd-ca`, `etcd-cert` and `etcd-key`. Others keep Secrets: they are
    /// not bound to a host.
    case host(folder: String)
    /// To the pods of DaemonSets and Deployments by an agent in the pod, which gets a certificate for a key that it
    /// makes, keeps it in memory, and renews it.
    case agent(AgentPlacement)
  }

  package var secrets: [ComponentSecret]
  package var delivery: Delivery
  package var secretNames: SecretNames
  package var placement: SecretPlacement
  package var sharedSecret: SharedSecret
  /// Containers whose component is not to be guessed: container name to component, such as `felix` to
  /// `calico-node`.
  package var components: [String: String]

  package init(
    secrets: [ComponentSecret] = ComponentSecret.defaults, secretNames: SecretNames = .hashed,
    delivery: Delivery = .secrets, placement: SecretPlacement = .none,
    sharedSecret: SharedSecret = .dropUnpopulated,
    components: [String: String] = [:]
  ) {
    self.secrets = secrets
    self.delivery = delivery
    self.secretNames = secretNames
    self.placement = placement
    self.sharedSecret = sharedSecret
    self.components = components
  }
}
