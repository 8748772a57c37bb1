/// Finds every mount of a volume with a credential: a volume that is mounted at `/calico-secrets` anywhere,
/// or another volume of the same Secret. Refuses a container whose component is not clear.
struct CredentialSearch {
  private let manifest: Manifest
  private(set) var findings: Findings

  init(_ manifest: Manifest) {
    self.manifest = manifest
    findings = Findings(in: manifest)
    for pod in manifest.pods {
      search(pod)
      refuseUnwired(pod)
    }
  }

  private mutating func search(_ pod: PodSpec) {
    let credentials = manifest.credentialSecrets(for: pod.object)
    for container in pod.containers {
      for mount in container.mounts {
        let volumes = pod.volumes.filter { $0.name == mount.volumeName }
        let isCredential = volumes.contains { $0.secret.map(credentials.contains) ?? false }
        guard mount.path == CredentialFile.directory || isCredential else { continue }
        guard let name = mount.volume, !mount.path.isEmpty, !mount.volumeName.isEmpty else {
          findings.fault(
            at: mount.node.range.lowerBound, pod.object, container.part,
            "has a mount without a mountPath or a name",
            hint: "give the mount both, or remove it")
          continue
        }
        guard let volume = volumes.first, volumes.count == 1 else {
          let message = volumes.isEmpty ? "which the pod does not have" : "which the pod has twice"
          findings.fault(
            at: name.range.lowerBound, pod.object, container.part,
            "mounts the volume \(mount.volumeName) at \(mount.path), \(message)",
            hint: "add the volume to the pod's volumes once, or remove the mount")
          continue
        }
        addUse(of: volume, named: name, by: mount, in: container, of: pod)
      }
    }
  }

  private mutating func addUse(
    of volume: Volume, named name: YAMLNode, by mount: VolumeMount, in container: Container, of pod: PodSpec
  ) {
    let object = pod.object
    let mapped = manifest.options.components[container.name]
    guard let component = mapped ?? recognise(container, mount: mount, in: object) else { return }
    if mount.hasSubPath {
      let message =
        "mounts the volume \(volume.name) at \(mount.path) by subPath, and such a mount never shows a renewed"
        + " certificate (kubernetes#50345)"
      let hint = "mount the whole volume at \(CredentialFile.directory)"
      if mapped == nil {
        findings.fault(at: mount.node.range.lowerBound, object, container.part, message, hint: hint)
        return
      }
      findings.warn(.subPath, at: mount.node.range.lowerBound, object, container.part, message, hint: hint)
    }
    if let other = container.mounts.filter({ $0.path == mount.path }).dropFirst().first {
      findings.fault(
        at: other.node.range.lowerBound, object, container.part, "mounts two volumes at \(mount.path)",
        hint: "remove one of the two mounts")
      return
    }
    if mapped == nil, !container.mounts.contains(where: { $0.path == CredentialFile.directory }) {
      findings.fault(
        at: mount.node.range.lowerBound, object, container.part,
        "mounts the credential at \(mount.path) and not at \(CredentialFile.directory)",
        hint:
          "mount it at \(CredentialFile.directory), or map the container: "
          + "--component \(container.name)=\(component)"
      )
      return
    }
    guard manifest.secret(of: component) != nil else {
      findings.fault(
        at: mount.node.range.lowerBound, object, container.part, "is \(component), which has no Secret",
        hint: "name one of \(manifest.options.secrets.map(\.component).joined(separator: ", ")): "
          + "--component \(container.name)=COMPONENT")
      return
    }
    findings.uses.append(
      CredentialUse(
        pod: pod, container: container, mount: mount, volumeName: name, volume: volume,
        component: component, isMapped: mapped != nil))
  }

  /// The component of a container by its name, if its image does not contradict it. The image alone is not
  /// enough: people run sidecars with Calico's images.
  private mutating func recognise(_ container: Container, mount: VolumeMount, in object: KubernetesObject)
    -> String?
  {
    let byImage = container.image.flatMap(ComponentSignature.of(image:))
    let hint = "if it needs a component's credential, map it: --component \(container.name)="
    guard let signature = ComponentSignature.named(container.name) else {
      findings.fault(
        at: mount.node.range.lowerBound, object, container.part,
        "uses the credential's volume \(mount.volumeName) at \(mount.path) and is not a Calico component "
          + "that is known",
        hint: hint + "\(byImage?.component ?? "COMPONENT"); or give it its own volume")
      return nil
    }
    guard let image = container.image, !signature.holds(image) else { return signature.component }
    if let byImage {
      findings.fault(
        at: container.node.range.lowerBound, object, container.part,
        "has the name of \(signature.component) and the image of \(byImage.component) (\(image.baseName))",
        hint: hint + "COMPONENT")
      return nil
    }
    findings.warn(
      .imageNotRecognised, at: container.node["image"]?.range.lowerBound ?? container.node.range.lowerBound,
      object, container.part,
      "is treated as \(signature.component) because of its name only: its image \(image.baseName) is unknown",
      hint: hint + "COMPONENT")
    return signature.component
  }

  /// Refuses a component that connects to etcd without mounting a credential: it would get none. calicoctl's
  /// manifest is like that, and gets a mount from ``CalicoctlWiring``.
  private mutating func refuseUnwired(_ pod: PodSpec) {
    for container in pod.containers where container.variable("ETCD_ENDPOINTS") != nil {
      let isMounted = container.mounts.contains { $0.path == CredentialFile.directory }
      guard !isMounted, let signature = ComponentSignature.named(container.name),
        signature.component != "calicoctl"
      else { continue }
      if container.mounts.contains(where: { mount in
        findings.uses.contains { $0.mount.node.range == mount.node.range }
      }) {
        continue
      }
      findings.fault(
        at: container.node.range.lowerBound, pod.object, container.part,
        "has ETCD_ENDPOINTS and mounts nothing at \(CredentialFile.directory)",
        hint:
          "mount the Secret with its credential at \(CredentialFile.directory), as Calico's own manifest does"
      )
    }
  }
}
