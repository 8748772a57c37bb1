/// What a component authenticates to etcd with, and the Secret that carries it.
public struct ComponentSecret: Sendable, Equatable {
  /// `calico-node`, `cni-plugin`, `kube-controllers`, `flannel`, `calicoctl`, or a name of one's own that
  /// ``ManifestOptions/components`` maps a container to.
  public var component: String
  /// The name of the Secret object.
  public var name: String
  /// What the Secret holds; not needed where Secrets are not written.
  public var material: Material?

  public init(component: String, name: String, material: Material? = nil) {
    self.component = component
    self.name = name
    self.material = material
  }

  /// The five components of Calico's own manifests with the names Bulkhead gives their Secrets.
  public static let defaults: [ComponentSecret] = [
    ComponentSecret(component: "calico-node", name: "calico-node-etcd-secrets"),
    ComponentSecret(component: "cni-plugin", name: "calico-cni-etcd-secrets"),
    ComponentSecret(component: "kube-controllers", name: "calico-kube-controllers-etcd-secrets"),
    ComponentSecret(component: "flannel", name: "flannel-etcd-secrets"),
    ComponentSecret(component: "calicoctl", name: "calicoctl-etcd-secrets"),
  ]

  /// Three PEM files. Never described, so that no log or error can hold the key.
  public struct Material: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
  {
    public let ca: [UInt8]
    public let certificate: [UInt8]
    public let key: [UInt8]

    public init(ca: [UInt8], certificate: [UInt8], key: [UInt8]) {
      self.ca = ca
      self.certificate = certificate
      self.key = key
    }

    public var description: String { "credential (not shown)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
  }
}

/// How a manifest is to be segmented.
public struct ManifestOptions: Sendable {
  public enum SecretPlacement: Sendable {
    /// In the manifest: in the place of the shared Secret, or after it where it is kept, or at the end.
    case inline
    /// In a text of their own.
    case separate
    /// Not at all: whoever applies the manifest has made them.
    case none
  }

  /// What becomes of the document of the Secret that the components shared.
  public enum SharedSecret: Sendable {
    /// Left out when it holds nothing, since applying it could blank the live one under running pods
    /// (kubernetes#40630); kept, with a warning, when it holds something.
    case dropUnpopulated
    case keep
    case drop
  }

  public var secrets: [ComponentSecret]
  public var placement: SecretPlacement
  public var sharedSecret: SharedSecret
  /// Containers whose component is not to be guessed: container name to component, such as `felix` to
  /// `calico-node`.
  public var components: [String: String]

  public init(
    secrets: [ComponentSecret] = ComponentSecret.defaults, placement: SecretPlacement = .none,
    sharedSecret: SharedSecret = .dropUnpopulated, components: [String: String] = [:]
  ) {
    self.secrets = secrets
    self.placement = placement
    self.sharedSecret = sharedSecret
    self.components = components
  }
}
