extension SegmentationPlan {
  /// Whether the pods get their credentials from the host, as those of DaemonSets do: each of these is bound
  /// to a host.
  func isHosted(_ pod: PodSpec) -> Bool {
    guard case .host = options.delivery else { return false }
    return pod.object.kind == "DaemonSet"
  }

  /// Whether a volume is the component's own folder on the host.
  func isHosted(_ volume: Volume, for component: String, in pod: PodSpec) -> Bool {
    guard isHosted(pod), let path = hostPath(of: component), let found = volume.node["hostPath"] else {
      return false
    }
    return found["path"]?.string == path && found["type"]?.string == "Directory"
  }

  private func hostPath(of component: String) -> String? {
    guard case .host(let folder) = options.delivery else { return nil }
    return "\(folder)/\(component)"
  }

  /// Replaces the Secret's volume by a volume of the component's folder on the host. It has a new name: a
  /// volume that changes its type under the same name has both types after it is applied (kubernetes#112014).
  /// It has the type Directory: a folder that the kubelet created would be empty, and the CNI installer would
  /// silently write a configuration without a credential.
  mutating func host(
    _ users: [CredentialUse], of volume: Volume, in pod: PodSpec, names: inout Set<String>
  ) {
    guard let list = pod.node["volumes"] else { return }
    if let old = volume.secret { abandoned.append((old, pod.object)) }
    var new: [String: String] = [:]
    var volumes: [YAMLValue] = []
    for component in Set(users.map(\.component)).sorted() {
      guard let path = hostPath(of: component) else { continue }
      let name = freshName(for: "\(component)-host", beside: volume.name, names: &names)
      new[component] = name
      let source = YAMLValue.mapping(["path": .string(path), "type": .string("Directory")])
      volumes.append(.mapping(["name": .string(name), "hostPath": source]))
      warn(
        .hostFiles, at: volume.node.range.lowerBound, pod.object, "volume \(name)",
        "is the folder \(path) of each host: the pods start only where it is",
        hint: "lay etcd-ca, etcd-cert and etcd-key there on every host first, the key with mode 0400")
    }
    let what = new.values.sorted().joined(separator: " and ")
    plan(
      .replace(volume.node, of: list, by: volumes, YAMLStyle(like: volume.node)), pod.object,
      "volume \(volume.name)", "makes way for \(what), of each host's own files")
    for use in users {
      guard let name = new[use.component] else { continue }
      plan(
        .set(use.volumeName, to: name), pod.object, use.container.part,
        "mounts \(name) at \(use.mount.path), not \(volume.name)")
      guard use.mount.node["readOnly"] == nil, let last = use.mount.node.entries?.last else { continue }
      let pair = YAMLValue.Pair(key: .string("readOnly"), value: .scalar("true", isString: false))
      plan(
        .insert(pair, after: last, of: use.mount.node, YAMLStyle(like: use.mount.node)), pod.object,
        use.container.part, "mounts \(name) for reading alone")
    }
  }
}
