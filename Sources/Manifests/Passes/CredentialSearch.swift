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
    let folders = manifest.credentialHostFolders
    // An agent of an earlier run serves the others.
    for container in pod.containers where !AgentContainer.isOwn(container) {
      for mount in container.mounts {
        let volumes = pod.volumes.filter { $0.name == mount.volumeName }
        let isCredential = volumes.contains { volume in
          volume.secret.map(credentials.contains) ?? volume.hostFolder.map(folders.contains) ?? false
        }
        guard manifest.isCredentialMount(mount, of: container) || isCredential else { continue }
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
    if pod.isWindows {
      findings.fault(
        at: mount.node.range.lowerBound, object, container.part,
        "runs on Windows nodes and uses the credential's volume: neither a Secret's folder nor an agent of "
          + "Linux serves a Windows container",
        hint: "remove \(object.title) from this file; on Windows nodes Calico's installer writes the files "
          + "(install-calico-windows.ps1 -EtcdTlsSecretName SECRET)")
      return
    }
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
    if mapped == nil, component != "cni-plugin",
      !container.mounts.contains(where: { manifest.isCredentialMount($0, of: container) })
    {
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
        hint: "map the container to an identity that has one: --component \(container.name)=IDENTITY")
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
    let byImage = ComponentSignature.byImage(of: container)
    let hint = "if it needs a component's credential, map it: --component \(container.name)="
    guard let signature = ComponentSignature.named(container.name) else {
      findings.fault(
        at: mount.node.range.lowerBound, object, container.part,
        "uses the credential's volume \(mount.volumeName) at \(mount.path) and is not a Calico component "
          + "that is known",
        hint: hint + "COMPONENT; or give it its own volume")
      return nil
    }
    guard let image = container.image, !signature.holds(container, image: image) else {
      return signature.component
    }
    if let byImage {
      findings.fault(
        at: container.node.range.lowerBound, object, container.part,
        "has the name of \(signature.component) and the image of \(byImage) (\(image.baseName))",
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
    for container in pod.containers {
      let endpoints = CredentialFile.endpointsVariable(
        of: ComponentSignature.named(container.name)?.component)
      if container.variable(endpoints) == nil { continue }
      let isMounted = container.mounts.contains { manifest.isCredentialMount($0, of: container) }
      guard !isMounted, let signature = ComponentSignature.named(container.name),
        signature.component != "calicoctl"
      else { continue }
      // The plugin reads the host's files itself.
      if signature.component == "cni-plugin", manifest.pluginFolder(of: pod) != nil { continue }
      if container.mounts.contains(where: { mount in
        findings.uses.contains { $0.mount.node.range == mount.node.range }
      }) {
        continue
      }
      findings.fault(
        at: container.node.range.lowerBound, pod.object, container.part,
        "has \(endpoints) and mounts nothing at \(CredentialFile.directory)",
        hint:
          "mount the Secret with its credential at \(CredentialFile.directory), as Calico's own manifest does"
          + (signature.component == "cni-plugin"
            ? "; or use --via host or --via agent, with which it needs no mount" : "")
      )
    }
  }
}
