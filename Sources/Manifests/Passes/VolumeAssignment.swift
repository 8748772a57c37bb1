/// A Secret that a workload of a namespace needs.
struct NeededSecret {
  let component: String
  let namespace: String?
  /// The index of the document whose list contains the workload, and that list; nil if the workload is a
  /// document itself.
  let list: (document: Int, items: YAMLNode)?
}

extension SegmentationPlan {
  /// Gives each component's mounts a volume with the component's own Secret. The existing volume stays with
  /// one of the components; each other component gets a copy directly after it, under another name. (A volume
  /// that changes its Secret under its name merges cleanly, one that changes its type does not:
  /// kubernetes#112014.)
  mutating func assignVolumes() {
    for index in pods.indices {
      let pod = pods[index]
      var names = Set(pod.volumes.map(\.name))
      var own: [String: String] = [:]
      for volume in pod.volumes {
        let users = uses.filter { $0.pod == index && $0.volume.name == volume.name }
        if users.isEmpty
          || users.allSatisfy({ user in
            isHosted(volume, for: user.component, in: pod) || isServed(volume, for: user.component, in: pod)
          })
        {
          continue
        }
        guard let secretName = checkedSecretName(of: volume, in: pod) else { continue }
        if isHosted(pod) {
          host(users, of: volume, in: pod, names: &names)
          continue
        }
        if isServed(pod) {
          serve(users, of: volume, in: pod, names: &names)
          continue
        }
        let components = ordered(users.map(\.component), keeping: volume.secret)
        for component in components { need(component, in: pod.object) }
        for component in components.dropFirst() {
          if own[component] == nil { own[component] = existingVolume(of: component, in: pod)?.name }
          if own[component] == nil {
            let name = freshName(for: component, beside: volume.name, names: &names)
            own[component] = name
            duplicate(volume, secretName: secretName, for: component, as: name, in: pod)
          }
        }
        for use in users where use.component != components.first {
          guard let name = own[use.component] else { continue }
          plan(
            .set(use.volumeName, to: name), pod.object, use.container.part,
            "mounts \(name) at \(use.mount.path), not \(volume.name)")
        }
        if let keeper = components.first { lead(volume, secretName: secretName, to: keeper, in: pod) }
      }
      if isServed(pod) { runAgent(in: index) }
    }
  }

  private mutating func lead(_ volume: Volume, secretName: YAMLNode, to component: String, in pod: PodSpec) {
    guard let own = secret(of: component), let old = volume.secret, !own.isNamed(old) else { return }
    abandoned.append((old, pod.object))
    plan(
      .set(secretName, to: own.name), pod.object, "volume \(volume.name)",
      "holds the Secret \(own.name), not \(old)")
  }

  private mutating func duplicate(
    _ volume: Volume, secretName: YAMLNode, for component: String, as name: String, in pod: PodSpec
  ) {
    guard let secret = secret(of: component)?.name, let nameNode = volume.node["name"],
      let list = pod.node["volumes"]
    else { return }
    plan(
      .duplicate(volume.node, of: list, changing: [(nameNode, name), (secretName, secret)]), pod.object,
      "volume \(name)", "is new and holds the Secret \(secret)")
  }

  /// The components on a volume; the one that keeps it comes first.
  private func ordered(_ components: [String], keeping secretName: String?) -> [String] {
    func rank(_ component: String) -> Int {
      if let secretName, secret(of: component)?.hasBorne(secretName) == true { return -1 }
      return ComponentSignature.precedence.firstIndex(of: component) ?? ComponentSignature.precedence.count
    }
    return Set(components).sorted { (rank($0), $0) < (rank($1), $1) }
  }

  mutating func need(_ component: String, in object: KubernetesObject) {
    guard !needed.contains(where: { $0.component == component && $0.namespace == object.namespace }) else {
      return
    }
    needed.append(
      NeededSecret(
        component: component, namespace: object.namespace, list: object.list.map { (object.document, $0) }))
  }

  /// A volume with the component's own Secret that the pod has already.
  private func existingVolume(of component: String, in pod: PodSpec) -> Volume? {
    guard let own = secret(of: component) else { return nil }
    return pod.volumes.first { $0.secret.map(own.isNamed) == true && Self.itemFault(of: $0) == nil }
  }

  /// An unused name for a volume. It is a DNS label: at most 63 characters.
  func freshName(for component: String, beside name: String, names: inout Set<String>) -> String {
    let suffix = component == "cni-plugin" ? "-cni" : "-\(component)"
    var candidate = name.prefix(63 - min(suffix.count, 62)) + suffix
    var number = 2
    while names.contains(String(candidate)) {
      let numbered = "\(suffix)-\(number)"
      candidate = name.prefix(63 - min(numbered.count, 62)) + numbered
      number += 1
    }
    names.insert(String(candidate))
    return String(candidate)
  }

  private mutating func checkedSecretName(of volume: Volume, in pod: PodSpec) -> YAMLNode? {
    let part = "volume \(volume.name)"
    guard let secretName = volume.secretName, volume.secret != nil else {
      fault(
        at: volume.node.range.lowerBound, pod.object, part,
        "carries the etcd credential and is of type \(volume.type ?? "emptyDir"), "
          + "not of a Secret by its secretName",
        hint: "give the credential by a volume of type secret, or leave this workload out")
      return nil
    }
    if let (offset, message) = Self.itemFault(of: volume) {
      fault(
        at: offset, pod.object, part, message,
        hint: "take `items` out: the new Secrets have the keys etcd-ca, etcd-cert and etcd-key")
      return nil
    }
    return secretName
  }

  /// Why a volume that selects keys of its Secret cannot be given another Secret: the selected keys differ
  /// from those of the new Secrets. nil if they do not.
  private static func itemFault(of volume: Volume) -> (Int, String)? {
    guard let items = volume.node["secret"]?["items"], !items.isNull else { return nil }
    let pairs = (items.items ?? []).map { ($0["key"]?.string ?? "", $0["path"]?.string ?? "") }
    let isComplete = CredentialFile.allCases.allSatisfy { file in
      pairs.contains { $0 == (file.rawValue, file.rawValue) }
    }
    if isComplete, pairs.count == CredentialFile.allCases.count { return nil }
    return (items.range.lowerBound, "picks other keys than etcd-ca, etcd-cert and etcd-key out of its Secret")
  }
}
