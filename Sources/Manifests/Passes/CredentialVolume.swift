/// A Secret's volume whose users are to get other volumes, or another Secret.
struct CredentialVolume {
  let volume: Volume
  let pod: PodSpec
  /// The scalar that names the Secret.
  let secretName: YAMLNode
  /// The Secret's name before the edits.
  let secret: String
  /// The mounts of the volume; not empty.
  let users: [CredentialUse]

  var name: String { volume.name }
  var part: String { "volume \(volume.name)" }

  /// The volume, if containers use it and it does not deliver their credentials yet; nil, with a fault, if it
  /// is not a volume whose Secret can be exchanged.
  init?(
    _ volume: Volume, of pod: PodSpec, usedBy uses: [CredentialUse], in manifest: Manifest,
    _ findings: inout Findings
  ) {
    self.volume = volume
    self.pod = pod
    users = uses.filter { $0.volume.name == volume.name }
    if users.allSatisfy({ manifest.isDelivered(by: volume, to: $0.component, in: pod) }) { return nil }
    guard let secretName = volume.secretName, let secret = volume.secret else {
      findings.fault(
        at: volume.node.range.lowerBound, pod.object, "volume \(volume.name)",
        "contains the etcd credential and has the type \(volume.type ?? "emptyDir"), "
          + "not of a Secret by its secretName",
        hint: "provide the credential in a volume of type secret, or remove this workload")
      return nil
    }
    self.secretName = secretName
    self.secret = secret
    if let (offset, message) = volume.itemFault {
      findings.fault(
        at: offset, pod.object, part, message,
        hint: "remove `items`: the new Secrets have the keys etcd-ca, etcd-cert and etcd-key")
      return nil
    }
  }

  /// Replaces the volume by others. They have new names: a volume that changes its type under the same name
  /// has both types after it is applied (kubernetes#112014).
  func replace(by volumes: [YAMLValue], _ what: String, _ findings: inout Findings) {
    findings.abandoned.append((secret, pod.object))
    guard let list = pod.node["volumes"] else { return }
    findings.edit(
      .replace(volume.node, of: list, by: volumes, YAMLStyle(like: volume.node)), pod.object, part, what)
  }

  /// Lets a mount of this volume use another one.
  func exchange(for name: String, in use: CredentialUse, _ findings: inout Findings) {
    findings.edit(
      .set(use.volumeName, to: name), pod.object, use.container.part,
      "mounts \(name) at \(use.mount.path), not \(volume.name)")
  }
}

/// The names of a pod's volumes.
struct VolumeNames {
  private var taken: Set<String>

  init(of pod: PodSpec) { taken = Set(pod.volumes.map(\.name)) }

  func contains(_ name: String) -> Bool { taken.contains(name) }

  /// An unused name for a component's volume, which is taken then. It is a DNS label: at most 63 characters.
  mutating func fresh(for component: String, beside name: String) -> String {
    let suffix = component == "cni-plugin" ? "-cni" : "-\(component)"
    var candidate = name.prefix(63 - min(suffix.count, 62)) + suffix
    var number = 2
    while taken.contains(String(candidate)) {
      let numbered = "\(suffix)-\(number)"
      candidate = name.prefix(63 - min(numbered.count, 62)) + numbered
      number += 1
    }
    taken.insert(String(candidate))
    return String(candidate)
  }
}

extension Volume {
  /// Why a volume that selects keys of its Secret cannot be given another Secret: the selected keys differ
  /// from those of the new Secrets. nil if they do not.
  var itemFault: (offset: Int, message: String)? {
    guard let items = node["secret"]?["items"], !items.isNull else { return nil }
    let pairs = (items.items ?? []).map { ($0["key"]?.string ?? "", $0["path"]?.string ?? "") }
    let isComplete = CredentialFile.allCases.allSatisfy { file in
      pairs.contains { $0 == (file.rawValue, file.rawValue) }
    }
    if isComplete, pairs.count == CredentialFile.allCases.count { return nil }
    return (items.range.lowerBound, "selects other keys than etcd-ca, etcd-cert and etcd-key of its Secret")
  }
}
