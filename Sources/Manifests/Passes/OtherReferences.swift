/// Refuses references to a credential that the edits do not change: their users would keep the shared one.
struct OtherReferences {
  private let manifest: Manifest
  private let uses: [CredentialUse]
  private(set) var findings: Findings

  init(_ manifest: Manifest, uses: [CredentialUse]) {
    self.manifest = manifest
    self.uses = uses
    findings = Findings(in: manifest)
    for object in manifest.objects {
      refuseReferences(in: object)
      refuseMounts(in: object)
    }
  }

  private mutating func refuseReferences(in object: KubernetesObject) {
    let credentials = manifest.credentialSecrets(for: object)
    let own = uses.filter { $0.object.id == object.id }
    let followed = Set(own.compactMap { $0.volume.secretName?.range.lowerBound })
    for (name, node, way) in Self.secretReferences(in: object.root) where credentials.contains(name) {
      let offset = node.range.lowerBound
      // A volume in use is checked elsewhere, with more specific faults.
      let isInUse = own.contains { $0.volume.node.range.contains(offset) }
      if followed.contains(offset) || isInUse || isMountedSecret(offset, in: object) { continue }
      findings.fault(
        at: offset, object, way,
        "refers to the Secret \(name), which contains an etcd credential, and no component mounts it "
          + "from here",
        hint: "remove the reference, or give it its own Secret")
    }
  }

  /// Whether a reference is part of a secret volume that a container mounts.
  private func isMountedSecret(_ offset: Int, in object: KubernetesObject) -> Bool {
    manifest.pods.contains { pod in
      pod.object.id == object.id
        && pod.volumes.contains { volume in
          volume.secretName?.range.lowerBound == offset
            && pod.containers.contains { $0.mounts.contains { $0.volumeName == volume.name } }
        }
    }
  }

  /// Every name of a Secret in an object: in volumes of type secret, projected and csi, and in variables.
  private static func secretReferences(in root: YAMLNode) -> [(name: String, node: YAMLNode, way: String)] {
    var found: [(String, YAMLNode, String)] = []
    root.walk { node in
      guard case .mapping(let entries, _) = node.content else { return }
      for entry in entries {
        guard let key = entry.key.string else { continue }
        if key == "secretName", let name = entry.value.string {
          found.append((name, entry.value.resolved, "volume"))
        } else if ["secret", "secretRef", "secretKeyRef"].contains(key) || key.hasSuffix("SecretRef"),
          let value = entry.value.resolved["name"], let name = value.string
        {
          found.append((name, value, key))
        }
      }
    }
    return found
  }

  /// Refuses a mount at `/calico-secrets` that is outside the `volumeMounts` of containers.
  private mutating func refuseMounts(in object: KubernetesObject) {
    let known = Set(
      manifest.pods.filter { $0.object.id == object.id }.flatMap(\.containers).flatMap(\.mounts)
        .map(\.node.range.lowerBound))
    var unknown: [Int] = []
    object.root.walk { node in
      guard case .mapping = node.content, VolumeMount(node).path == CredentialFile.directory else { return }
      if !known.contains(node.range.lowerBound) { unknown.append(node.range.lowerBound) }
    }
    for offset in unknown {
      findings.fault(
        at: offset, object, nil,
        "has a mount at \(CredentialFile.directory) outside of a container of a pod",
        hint: "put it into the volumeMounts of a container in the pod's containers or initContainers")
    }
  }
}
