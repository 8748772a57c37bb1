extension SegmentationPlan {
  /// Refuses what reaches a credential in a way that is not followed: it would stay on the shared one.
  mutating func refuseOtherReferences() {
    for object in objects {
      refuseReferences(in: object)
      refuseMounts(in: object)
    }
  }

  private mutating func refuseReferences(in object: KubernetesObject) {
    let credentials = credentialSecrets(for: object)
    let own = uses.filter { pods[$0.pod].object.id == object.id }
    let followed = Set(own.compactMap { $0.volume.secretName?.range.lowerBound })
    for (name, node, way) in Self.secretReferences(in: object.root) where credentials.contains(name) {
      let offset = node.range.lowerBound
      // A volume in use has been looked at, and its own faults say more.
      let isInUse = own.contains { $0.volume.node.range.contains(offset) }
      if followed.contains(offset) || isInUse || isMountedSecret(offset, in: object) { continue }
      fault(
        at: offset, object, way,
        "refers to the Secret \(name), which carries an etcd credential, and no component mounts it "
          + "from here",
        hint: "take the reference out, or give it a Secret of its own")
    }
  }

  /// Whether a reference is a secret volume's that a container mounts.
  private func isMountedSecret(_ offset: Int, in object: KubernetesObject) -> Bool {
    pods.contains { pod in
      pod.object.id == object.id
        && pod.volumes.contains { volume in
          volume.secretName?.range.lowerBound == offset
            && pod.containers.contains { $0.mounts.contains { $0.volumeName == volume.name } }
        }
    }
  }

  /// Every name of a Secret in an object: volumes of type secret, projected and csi volumes, variables.
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

  /// A mount at `/calico-secrets` that is in no container's list of mounts.
  private mutating func refuseMounts(in object: KubernetesObject) {
    let known = Set(
      pods.filter { $0.object.id == object.id }.flatMap(\.containers).flatMap(\.mounts)
        .map(\.node.range.lowerBound))
    var unknown: [Int] = []
    object.root.walk { node in
      guard case .mapping = node.content, VolumeMount(node).path == CredentialFile.directory else { return }
      if !known.contains(node.range.lowerBound) { unknown.append(node.range.lowerBound) }
    }
    for offset in unknown {
      fault(
        at: offset, object, nil,
        "has a mount at \(CredentialFile.directory) that is in no container of a pod",
        hint: "put it into the volumeMounts of a container in the pod's containers or initContainers")
    }
  }
}
