import Segmentation

/// An identity's files on a host: `etcd-ca`, `etcd-cert` and `etcd-key` in a folder of its own, as Calico's manifests
/// and its CNI installer name them.
public struct CredentialFolder: Hashable, Sendable {
  public let path: String
  public let keyMode: UInt32
  public let owner: String
  public let group: String

  /// - Parameter base: The folder that holds those of all components: `/etc/bulkhead`.
  public init(of resident: Site.Resident, in base: String) {
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

  public var authority: String { "\(path)/etcd-ca" }
  public var certificate: String { "\(path)/etcd-cert" }
  public var key: String { "\(path)/etcd-key" }

  /// The three files.
  public func files(_ material: CredentialMaterial) -> [NodeFile] {
    [
      NodeFile(path: authority, bytes: material.authority, mode: 0o644),
      NodeFile(path: certificate, bytes: material.certificate, mode: 0o644),
      NodeFile(path: key, bytes: material.key, mode: keyMode, owner: owner, group: group),
    ]
  }
}

/// Three PEM files. Never described, so that no log or error can hold the key.
public struct CredentialMaterial: Sendable, CustomStringConvertible, CustomReflectable {
  public let authority: [UInt8]
  public let certificate: [UInt8]
  public let key: [UInt8]

  public init(authority: [UInt8], certificate: [UInt8], key: [UInt8]) {
    self.authority = authority
    self.certificate = certificate
    self.key = key
  }

  public var description: String { "credential (not shown)" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
