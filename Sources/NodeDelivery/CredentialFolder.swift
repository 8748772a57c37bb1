import Segmentation

/// An identity's files on a host: `etcd-ca`, `etcd-cert` and `etcd-key` in a folder of its own, as Calico's manifests
/// and its CNI installer name them.
package struct CredentialFolder: Hashable, Sendable {
  package let path: String
  package let keyMode: UInt32
  package let owner: String
  package let group: String

  /// - Parameter base: The folder that holds those of all components: `/etc/bulkhead`.
  package init(of resident: Site.Resident, in base: String) {
    path = "\(base)/\(resident.folder)"
    owner = "root"
    switch resident.identity.component {
    // Neutron's services run as the user neutron.
    case "neutron-driver", "dhcp-agent": (keyMode, group) = (0o440, "neutron")
    // Their images run as user 999 in root's group.
    case "kube-controllers", "typha": (keyMode, group) = (0o440, "root")
    default: (keyMode, group) = (0o400, "root")
    }
  }

  package var authority: String { "\(path)/etcd-ca" }
  package var certificate: String { "\(path)/etcd-cert" }
  package var key: String { "\(path)/etcd-key" }

  /// The three files.
  package func files(_ material: CredentialMaterial) -> [NodeFile] {
    [
      NodeFile(path: authority, bytes: material.authority, mode: 0o644),
      NodeFile(path: certificate, bytes: material.certificate, mode: 0o644),
      NodeFile(path: key, bytes: material.key, mode: keyMode, owner: owner, group: group),
    ]
  }
}

/// Three PEM files. Never described, so that no log or error can hold the key.
package struct CredentialMaterial: Sendable, CustomStringConvertible, CustomReflectable {
  package let authority: [UInt8]
  package let certificate: [UInt8]
  package let key: [UInt8]

  package init(authority: [UInt8], certificate: [UInt8], key: [UInt8]) {
    self.authority = authority
    self.certificate = certificate
    self.key = key
  }

  package var description: String { "credential (not shown)" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
