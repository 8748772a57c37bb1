/// A parsed manifest and its options. Every pass reads it, none changes it.
struct Manifest {
  let reader: ManifestReader
  let options: ManifestOptions
  /// The components' Secrets, under their names in this run.
  let secrets: [OwnSecret]
  /// The pod specs of all objects, in the order of the file.
  let pods: [PodSpec]
  /// For each container with a credential the path at which it is mounted, by the offset of the container.
  private let credentialPaths: [Int: String]
  /// The folders of hosts that are mounted as a credential.
  let credentialHostFolders: Set<String>

  init(_ reader: ManifestReader, options: ManifestOptions) {
    self.reader = reader
    self.options = options
    secrets = options.allSecrets.map { OwnSecret($0, named: options.secretNames) }
    let nodes = reader.objects.flatMap { object in object.podSpecs.map { (object, $0) } }
    let pods = nodes.enumerated().map { PodSpec(id: $0.offset, object: $0.element.0, node: $0.element.1) }
    self.pods = pods
    var paths: [Int: String] = [:]
    var folders: Set<String> = []
    for pod in pods {
      for container in pod.containers {
        let path = CredentialPath(of: container, in: pod, of: reader).path
        paths[container.node.range.lowerBound] = path
        for mount in container.mounts where mount.path == path {
          folders.formUnion(
            pod.volumes.filter { $0.name == mount.volumeName }.compactMap(\.hostFolder))
        }
      }
    }
    credentialPaths = paths
    credentialHostFolders = folders
  }

  /// The path at which a container has its credential.
  func credentialPath(of container: Container) -> String {
    credentialPaths[container.node.range.lowerBound] ?? CredentialFile.directory
  }

  /// Whether a mount of a container is the one of its credential.
  func isCredentialMount(_ mount: VolumeMount, of container: Container) -> Bool {
    !AgentContainer.isOwn(container) && mount.path == credentialPath(of: container)
  }

  var objects: [KubernetesObject] { reader.objects }

  func secret(of component: String) -> OwnSecret? { secrets.first { $0.component == component } }

  /// The objects of a kind and a name that a reference from an object means.
  func find(_ kind: String, named name: String, from object: KubernetesObject) -> [KubernetesObject] {
    reader.find(kind, named: name, from: object)
  }

  /// The value of a ConfigMap's key that a variable of an object's container gets. nil if the file does not
  /// contain it.
  func value(
    of reference: (configMap: String, key: String), from object: KubernetesObject
  ) -> ScalarPlace? {
    reader.value(of: reference, from: object)
  }

  /// The Secrets that are mounted as a credential anywhere in the namespace of an object.
  func credentialSecrets(for object: KubernetesObject) -> Set<String> {
    var names: Set<String> = []
    for pod in pods where pod.object.sharesNamespace(with: object) {
      for container in pod.containers {
        for mount in container.mounts where isCredentialMount(mount, of: container) {
          names.formUnion(pod.volumes.filter { $0.name == mount.volumeName }.compactMap(\.secret))
        }
      }
    }
    return names
  }
}

extension ManifestReader {
  /// The objects of a kind and a name that a reference from an object means.
  func find(_ kind: String, named name: String, from object: KubernetesObject) -> [KubernetesObject] {
    let found = objects.filter { $0.kind == kind && $0.name == name && object.sharesNamespace(with: $0) }
    let exact = found.filter { $0.namespace == object.namespace }
    return exact.isEmpty ? found : exact
  }

  /// The value of a ConfigMap's key that a variable of an object's container gets. nil if the file does not
  /// contain it.
  func value(
    of reference: (configMap: String, key: String), from object: KubernetesObject
  ) -> ScalarPlace? {
    guard let configMap = find("ConfigMap", named: reference.configMap, from: object).first,
      let value = configMap.root["data"]?[reference.key]
    else { return nil }
    return ScalarPlace(node: value, owner: configMap, part: reference.key)
  }
}

/// A scalar, the object that contains it, and its part of that object.
struct ScalarPlace {
  let node: YAMLNode
  let owner: KubernetesObject
  let part: String
}
