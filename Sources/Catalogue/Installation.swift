import Keyspace

/// What is installed: everything, besides the component, that determines which keys are read and written.
package struct Installation: Hashable, Sendable {
  package let release: CalicoRelease
  /// Names from ``Catalogue/features``; others have no effect.
  package let features: Set<String>
  /// OpenStack's region, as in `openstack_region`; nil if none is configured.
  package let region: String?
  /// The `name` in the CNI network configuration, with which the IPAM handles of pods begin.
  package let network: String
  /// What every key of Kubernetes begins with: see ``kubernetesPrefix(_:)``.
  package let kubernetesPrefix: Key

  /// The network's name in Calico's own manifests.
  package static let defaultNetwork = "k8s-pod-network"
  /// The feature that a ``region`` implies.
  static let regionFeature = "openstack-region"

  /// - Throws: ``CatalogueError`` if Calico would not accept the region or the network's name.
  package init(
    release: CalicoRelease, features: Set<String> = [], region: String? = nil,
    network: String = Installation.defaultNetwork, kubernetesPrefix: Key = .kubernetes
  ) throws(CatalogueError) {
    if let region { try Self.checkRegion(region) }
    try Self.checkNetwork(network)
    self.release = release
    self.features = region == nil ? features : features.union([Self.regionFeature])
    self.region = region
    self.network = network
    self.kubernetesPrefix = kubernetesPrefix
  }

  /// What every key of a kube-apiserver with this `--etcd-prefix` begins with: the text with a slash at both ends
  /// (Kubernetes, `apiserver/pkg/storage/etcd3/store.go`, `New`).
  package static func kubernetesPrefix(_ text: String) throws(CatalogueError) -> Key {
    let parts = text.split(separator: "/", omittingEmptySubsequences: true)
    let isValid = parts.allSatisfy { part in
      part != "." && part != ".."
        && part.utf8.allSatisfy {
          (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
            || "_.-:".utf8.contains($0)
        }
    }
    guard isValid, !parts.isEmpty, !text.contains("//") else {
      throw CatalogueError(
        "\"\(text)\" is not a valid prefix of Kubernetes' keys",
        hint: "write the value of kube-apiserver's --etcd-prefix, such as /kubernetes.io")
    }
    let prefix = Key("/\(parts.joined(separator: "/"))/")
    for other in [Key.calico, .bulkhead] where prefix.hasPrefix(other) {
      throw CatalogueError(
        "\"\(text)\" is below \(other), which is not Kubernetes'",
        hint: "write the value of kube-apiserver's --etcd-prefix, such as /kubernetes.io")
    }
    return prefix
  }

  /// The namespace `openstack-region-<region>` must be a DNS label of at most 63 bytes (libcalico-go,
  /// lib/validator/v3/validator.go, regionNamespacePrefix).
  package static func checkRegion(_ region: String) throws(CatalogueError) {
    guard DNSLabel.isValid(region), region.utf8.count <= 46 else {
      throw CatalogueError(
        "\"\(region)\" is not a valid OpenStack region", hint: "use a-z, 0-9 and '-', at most 46 bytes")
    }
  }

  /// The CNI specification's rule for the name of a network: `^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`.
  package static func checkNetwork(_ network: String) throws(CatalogueError) {
    guard isNetworkName(network) else {
      throw CatalogueError(
        "\"\(network)\" is not a valid name of a CNI network",
        hint: "use the 'name' of the CNI network configuration: letters, digits, '_', '.' and '-'")
    }
  }

  /// `no-region` or `region-<name>` (libcalico-go, `lib/backend/model/region.go`).
  var regionString: String { region.map { "region-\($0)" } ?? "no-region" }

  /// The namespace of OpenStack's resources (networking-calico, `datamodel_v3.py`, `get_namespace`).
  var openstackNamespace: String { region.map { "openstack-region-\($0)" } ?? "openstack" }

  private static func isNetworkName(_ text: String) -> Bool {
    let isLetterOrDigit = { (byte: UInt8) in
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }
    return text.utf8.first.map(isLetterOrDigit) ?? false
      && text.utf8.allSatisfy { isLetterOrDigit($0) || "_.-".utf8.contains($0) }
  }
}

/// The two forms in which the catalogue describes each component.
package enum CatalogueForm: String, CaseIterable, Sendable {
  /// The tables as Calico publishes them.
  case documented
  /// What the program really reads and writes.
  case corrected
}
