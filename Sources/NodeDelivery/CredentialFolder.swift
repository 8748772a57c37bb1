import Segmentation

/// The files of an identity on a host: `etcd-ca`, `etcd-cert` and `etcd-key` in a folder of its own, with the
/// names that Calico's manifests and its CNI installer use.
package struct CredentialFolder: Hashable, Sendable {
  package let path: String
  package let reader: CredentialReader

  /// - Parameters:
  ///   - base: The folder that contains the credential folders of all components, such as `/etc/bulkhead`.
  ///   - rules: Which account reads the files.
  package init(of resident: Site.Resident, in base: String, _ rules: CredentialReader.Rules) {
    path = "\(base)/\(resident.folder)"
    reader = rules.reader(of: resident)
  }

  /// The path of the authorities of etcd's server certificates.
  package var authority: String { "\(path)/etcd-ca" }
  /// The path of the client certificate.
  package var certificate: String { "\(path)/etcd-cert" }
  /// The path of the client's private key.
  package var key: String { "\(path)/etcd-key" }

  /// The three files with their modes and owners.
  package func files(_ material: CredentialMaterial) -> [NodeFile] {
    [
      NodeFile(path: authority, bytes: material.authority, mode: 0o644),
      NodeFile(path: certificate, bytes: material.certificate, mode: 0o644),
      NodeFile(
        path: key, bytes: material.key, mode: reader.keyMode, owner: reader.owner, group: reader.group),
    ]
  }
}

/// The contents of the three PEM files. Its description and mirror are empty, so that no log or error can
/// contain the key.
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
