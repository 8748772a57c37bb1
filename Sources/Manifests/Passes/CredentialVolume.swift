/// A volume with a credential whose users are to get other volumes, or another Secret.
struct CredentialVolume {
  /// Where the volume has its files from.
  enum Source {
    /// A Secret, and the scalar that names it.
    case secret(String, name: YAMLNode)
    /// A folder of the host, or the memory of the pod to which an agent writes.
    case files
  }

  let volume: Volume
  let pod: PodSpec
  let source: Source
  /// The mounts of the volume; not empty.
  let users: [CredentialUse]

  var name: String { volume.name }
  var part: String { "volume \(volume.name)" }

  /// The volume, if containers use it and it does not deliver their credentials yet; nil, with a fault, if it
  /// is not a volume whose credential can be exchanged.
  init?(
    _ volume: Volume, of pod: PodSpec, usedBy uses: [CredentialUse], in manifest: Manifest,
    _ findings: inout Findings
  ) {
    self.volume = volume
    self.pod = pod
    users = uses.filter { $0.volume.name == volume.name }
    if users.allSatisfy({ manifest.isDelivered(by: volume, to: $0.component, in: pod) }) { return nil }
    if let secretName = volume.secretName, let secret = volume.secret {
      source = .secret(secret, name: secretName)
    } else if volume.hostFolder?.isEmpty == false || pod.agentWrites(to: volume) {
      source = .files
    } else {
      findings.fault(
        at: volume.node.range.lowerBound, pod.object, "volume \(volume.name)",
        "contains the etcd credential and has the type \(volume.type ?? "emptyDir"), "
          + "not of a Secret by its secretName or of a folder of the host",
        hint: "provide the credential in a volume of type secret, or remove this workload")
      return nil
    }
  }

  /// Replaces the volume by others. They have new names: a volume that changes its type under the same name
  /// has both types after it is applied (kubernetes#112014).
  func replace(by volumes: [YAMLValue], _ what: String, _ findings: inout Findings) {
    if case .secret(let secret, _) = source { findings.abandoned.append((secret, pod.object)) }
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

  /// Lets a mount of this volume use another one, which the container must not write.
  func exchangeReadOnly(for name: String, in use: CredentialUse, _ findings: inout Findings) {
    exchange(for: name, in: use, &findings)
    guard use.mount.node["readOnly"] == nil, let last = use.mount.node.entries?.last else { return }
    let pair = YAMLValue.Pair("readOnly", .bool(true))
    findings.edit(
      .insert(pair, after: last, of: use.mount.node, YAMLStyle(like: use.mount.node)), pod.object,
      use.container.part, "mounts \(name) read-only")
  }
}

/// The names of a pod's volumes.
struct VolumeNames {
  private var taken: Set<String>

  init(of pod: PodSpec) { taken = Set(pod.volumes.map(\.name)) }

  func contains(_ name: String) -> Bool { taken.contains(name) }

  /// An unused name for a component's volume, which is taken then. It is a DNS label: at most 63 characters.
  /// - Parameters:
  ///   - form: Where the volume has its files from: `host`, `agent` or `memory`; nil for a Secret.
  ///   - name: The name of the volume that it replaces or stands beside.
  mutating func fresh(for component: String, from form: String? = nil, beside name: String) -> String {
    let ending = component == "cni-plugin" && form == nil ? "cni" : component
    let suffix = "-\(ending)" + (form.map { "-\($0)" } ?? "")
    let name = Self.withoutEnding(name)
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

  /// A name without what an earlier run added to it.
  private static func withoutEnding(_ name: String) -> String {
    let ending =
      #/(.+?)-(?:cni|cni-plugin|calico-node|kube-controllers|typha|flannel|calicoctl)(?:-host|-agent|-memory)?(?:-\d{1,3})?/#
    return name.wholeMatch(of: ending).map { String($0.1) } ?? name
  }
}

extension PodSpec {
  /// Whether it has an agent that writes to the volume.
  fileprivate func agentWrites(to volume: Volume) -> Bool {
    containers.contains { container in
      AgentContainer.isOwn(container) && container.mounts.contains { $0.volumeName == volume.name }
    }
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
