/// The path at which a container has its credential: `/calico-secrets` in Calico's own manifests, and otherwise the
/// folder in which its three variables name the files, as in the manifests of kubespray (`/etc/calico/certs`).
struct CredentialPath {
  let path: String

  init(of container: Container, in pod: PodSpec, of reader: ManifestReader) {
    let mounted = Set(container.mounts.map(\.path))
    if mounted.contains(CredentialFile.directory) {
      path = CredentialFile.directory
    } else if mounted.contains(CredentialFile.installerDirectory) {
      path = CredentialFile.installerDirectory
    } else if ComponentSignature.named(container.name) != nil,
      let named = Self.named(by: container, of: pod.object, reader), mounted.contains(named)
    {
      path = named
    } else {
      path = CredentialFile.directory
    }
  }

  /// The folder of all three files; nil if the variables do not name one.
  private static func named(
    by container: Container, of object: KubernetesObject, _ reader: ManifestReader
  ) -> String? {
    let folders = CredentialFile.allCases.map { file -> String? in
      let component = ComponentSignature.named(container.name)?.component ?? ""
      guard let variable = container.variable(file.variable(of: component)) else { return nil }
      let value =
        variable.value?.string
        ?? variable.configMapKey.flatMap { reader.value(of: $0, from: object)?.node.string }
      return value.map(CredentialFile.folder)
    }
    guard let first = folders.first, let folder = first, folders.allSatisfy({ $0 == folder }), !folder.isEmpty
    else { return nil }
    return folder
  }
}

extension CredentialFile {
  /// The folder of an absolute path; empty for other texts.
  static func folder(of path: String) -> String {
    guard path.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return "" }
    return VolumeMount.normal(String(path[..<slash]))
  }

  /// The path at which the CNI installer mounts the host's files where the plugin reads these itself. The installer
  /// copies only what is at ``directory`` (Calico, `cni-plugin/pkg/install/install.go`); the mount is there so that
  /// the pod starts only where the files' folder exists.
  static let installerDirectory = "/host/bulkhead/cni-plugin"

  /// The path in a folder.
  func path(in folder: String) -> String { "\(folder)/\(rawValue)" }
}
