/// Replaces a pod's volumes of Secrets by volumes of the components' folders on the host. They have the type
/// Directory: a folder that the kubelet created would be empty, and the CNI installer would silently write a
/// configuration without a credential.
struct HostVolumes {
  private let folder: String
  private(set) var findings: Findings

  /// - Parameters:
  ///   - uses: Those of the pod.
  ///   - folder: The folder on each host that contains the components' folders.
  init(_ manifest: Manifest, _ pod: PodSpec, _ uses: [CredentialUse], folder: String) {
    self.folder = folder
    findings = Findings(in: manifest)
    var names = VolumeNames(of: pod)
    for volume in pod.volumes {
      guard let shared = CredentialVolume(volume, of: pod, usedBy: uses, in: manifest, &findings) else {
        continue
      }
      replace(shared, &names)
    }
  }

  private mutating func replace(_ shared: CredentialVolume, _ names: inout VolumeNames) {
    let object = shared.pod.object
    var new: [String: String] = [:]
    var volumes: [YAMLValue] = []
    for component in shared.users.components {
      let path = "\(folder)/\(component)"
      let name = names.fresh(for: component, from: "host", beside: shared.name)
      new[component] = name
      let source = YAMLValue.mapping(["path": .string(path), "type": .string("Directory")])
      volumes.append(.mapping(["name": .string(name), "hostPath": source]))
      findings.warn(
        .hostFiles, at: shared.volume.node.range.lowerBound, object, "volume \(name)",
        "is the folder \(path) of each host: the pods start only where it exists",
        hint: "first put etcd-ca, etcd-cert and etcd-key there on every host, the key with mode 0400")
    }
    let what = new.values.sorted().joined(separator: " and ")
    shared.replace(by: volumes, "is replaced by \(what), with each host's own files", &findings)
    for use in shared.users {
      if let name = new[use.component] { shared.exchangeReadOnly(for: name, in: use, &findings) }
    }
  }
}
