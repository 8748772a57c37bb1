import Files
import Manifests
import Segmentation

extension Workspace {
  /// The Secrets of the components that the file names, filled with the certificates that were issued. A component
  /// that the file does not name has none; a manifest that needs it is refused.
  func componentSecrets() throws -> [ComponentSecret] {
    let ca = try FileContents.read(path(file.etcd.ca))
    return try ComponentSecret.defaults.map { secret in
      guard segmentation[identity: secret.component] != nil else { return secret }
      let credentials = try self.credentials(of: secret.component)
      var filled = secret
      filled.material = ComponentSecret.Material(
        ca: ca, certificate: try FileContents.read(credentials.certificate),
        key: try FileContents.read(credentials.key))
      return filled
    }
  }
}
