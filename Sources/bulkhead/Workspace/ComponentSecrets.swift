import AgentFile
import Certificates
import Cryptography
import Etcd
import Files
import Manifests
import Segmentation
import Terminal
import Text

extension Workspace {
  /// The Secrets of the components in the file, with the issued certificates. A Secret without a certificate
  /// stays empty; a manifest that needs it is refused.
  /// - Parameters:
  ///   - onHosts: Whether DaemonSets get their credentials from the hosts or from an agent, so that a Secret need not
  ///     be the same on every node.
  ///   - mapped: The names to which containers are mapped: components, or identities of the file.
  func componentSecrets(onHosts: Bool, mapped: some Collection<String>) throws -> [ComponentSecret] {
    guard onHosts || file.isolation == .component else {
      throw CommandError(
        "a Secret is the same on every node, but the isolation is '\(file.isolation.rawValue)'",
        hint: "use --via host, --via agent or isolation 'component'")
    }
    let usual = Set(ComponentSecret.defaults.map(\.component))
    let further = try Set(mapped).subtracting(usual).sorted().map { name in
      ComponentSecret(component: name, name: try Self.secretName(of: try identity(name)))
    }
    let check = try DeliveryCheck(self)
    return try (ComponentSecret.defaults + further).map { secret in
      guard let identity = identity(serving: secret.component), case .cluster = identity.place,
        let holder = identity.holders.first,
        try FileContents.readIfPresent(certificates.certificatePath(of: holder)) != nil
      else { return secret }
      guard try check.allows(holder, at: certificates.certificatePath(of: holder)) else { return secret }
      let credentials = try self.credentials(of: identity)
      let material = ComponentSecret.Material(
        ca: try FileContents.read(credentials.authority),
        certificate: try FileContents.read(credentials.certificate),
        key: try FileContents.read(credentials.key))
      return ComponentSecret(
        component: secret.component, name: secret.name, material: material, hash: material.hash)
    }
  }
}

extension Workspace {
  /// Refuses names to which containers are mapped, and that are neither a component of Calico's manifests nor an
  /// identity of the file.
  func checkIdentities(mapped: some Collection<String>) throws {
    for name in Set(mapped).subtracting(ComponentSecret.defaults.map(\.component)).sorted() {
      _ = try Self.secretName(of: try identity(name))
    }
  }

  /// The identity with which a component of a manifest reaches etcd: its own, or the one that all programs of Calico
  /// share.
  private func identity(serving component: String) -> Identity? {
    segmentation[identity: component]
      ?? (Self.shared.contains(component) ? segmentation.identities.first { $0.component == "calico" } : nil)
  }

  /// The components that the identity `calico` serves.
  private static let shared = ["calico-node", "cni-plugin", "kube-controllers", "typha"]

  private static func secretName(of identity: Identity) throws -> String {
    let name = ComponentSecret.name(of: identity.user)
    // A DNS subdomain (Kubernetes, `apimachinery/pkg/util/validation`); a hash may follow.
    guard name.utf8.count <= 240,
      name.wholeMatch(of: /[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/) != nil
    else {
      throw CommandError(
        "'\(identity.user)' cannot be part of the name of a Secret",
        hint: "give the identity a name of lower-case letters, digits and '-'")
    }
    return name
  }

  /// The Common Name that an agent requests, by component; for a component with users per node, with a
  /// placeholder for the node.
  var agentIdentities: [String: String] {
    var names: [String: String] = [:]
    for identity in segmentation.identities {
      guard let component = identity.component else { continue }
      let isNodes = identity.node != nil && identity.login == .certificate
      let node = file.nodesByKubernetesName.isEmpty ? AgentFile.kubernetesNode : AgentFile.calicoNode
      names[component] = isNodes ? "\(component).${\(node)}" : identity.certificateName
    }
    if let all = names["calico"] {
      for component in Self.shared where names[component] == nil { names[component] = all }
    }
    return names
  }
}

extension ComponentSecret.Material {
  /// SHA-256 of the three files, each after its length, so that different files cannot give the same bytes.
  fileprivate var hash: String {
    var sha256 = SHA256()
    for file in [ca, certificate, key] {
      sha256.update(Array("\(file.count) ".utf8))
      sha256.update(file)
    }
    return sha256.digest().hexadecimal
  }
}
