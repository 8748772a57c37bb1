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
  /// - Parameter onHosts: Whether DaemonSets get their credentials from the hosts or from an agent, so that a
  ///   Secret need not be the same on every node.
  func componentSecrets(onHosts: Bool) throws -> [ComponentSecret] {
    guard onHosts || file.isolation == .component else {
      throw Complaint(
        "a Secret is the same on every node, but the isolation is '\(file.isolation.rawValue)'",
        hint: "use --via host, --via agent, --secrets none or isolation 'component'")
    }
    return try ComponentSecret.defaults.map { secret in
      guard case .cluster = segmentation[identity: secret.component]?.place,
        try FileContents.readIfPresent(certificates.certificatePath(of: secret.component)) != nil
      else { return secret }
      let credentials = try self.credentials(of: secret.component)
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
  /// The Common Name that an agent requests, by component; for a component with users per node, with a
  /// placeholder for the node.
  var agentIdentities: [String: String] {
    var names: [String: String] = [:]
    for identity in segmentation.identities {
      guard let component = identity.component else { continue }
      let isNodes = identity.node != nil && identity.login == .certificate
      names[component] = isNodes ? "\(component).${NODE_NAME}" : identity.certificateName
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
