/// Gives each component of a pod a volume with its own Secret. The existing volume of a Secret stays with one of the
/// components; each other component gets a copy directly after it, under another name. (A volume that changes
/// its Secret under its name merges cleanly, one that changes its type does not: kubernetes#112014.) A folder of the
/// host, and the memory of an agent, are replaced.
struct SecretVolumes {
  private let manifest: Manifest
  private let pod: PodSpec
  private(set) var findings: Findings

  /// - Parameter uses: Those of the pod.
  init(_ manifest: Manifest, _ pod: PodSpec, _ uses: [CredentialUse]) {
    self.manifest = manifest
    self.pod = pod
    findings = Findings(in: manifest)
    var names = VolumeNames(of: pod)
    /// The volumes of components that do not keep the shared one.
    var own: [String: String] = [:]
    for volume in pod.volumes {
      guard let shared = CredentialVolume(volume, of: pod, usedBy: uses, in: manifest, &findings) else {
        continue
      }
      guard case .secret(let secret, let secretName) = shared.source else {
        replace(shared, &names, &own)
        continue
      }
      if let (offset, message) = volume.itemFault {
        findings.fault(
          at: offset, pod.object, shared.part, message,
          hint: "remove `items`: the new Secrets have the keys etcd-ca, etcd-cert and etcd-key")
        continue
      }
      let components = ordered(shared.users.components, keeping: secret)
      for component in components { findings.need(component, in: pod.object) }
      for component in components.dropFirst() where own[component] == nil {
        if let existing = existingVolume(of: component) {
          own[component] = existing.name
        } else {
          let name = names.fresh(for: component, beside: shared.name)
          own[component] = name
          duplicate(shared, secretName, for: component, as: name)
        }
      }
      for use in shared.users where use.component != components.first {
        if let name = own[use.component] { shared.exchange(for: name, in: use, &findings) }
      }
      if let keeper = components.first { lead(shared, secret, secretName, to: keeper) }
    }
  }

  /// The components on a volume; the one that keeps it comes first.
  private func ordered(_ components: [String], keeping secretName: String) -> [String] {
    func rank(_ component: String) -> Int {
      if manifest.secret(of: component)?.hasBorne(secretName) == true { return -1 }
      return ComponentSignature.precedence.firstIndex(of: component) ?? ComponentSignature.precedence.count
    }
    return components.sorted { (rank($0), $0) < (rank($1), $1) }
  }

  /// A volume with the component's own Secret that the pod has already.
  private func existingVolume(of component: String) -> Volume? {
    guard let own = manifest.secret(of: component) else { return nil }
    return pod.volumes.first { $0.secret.map(own.isNamed) == true && $0.itemFault == nil }
  }

  private mutating func duplicate(
    _ shared: CredentialVolume, _ secretName: YAMLNode, for component: String, as name: String
  ) {
    guard let secret = manifest.secret(of: component)?.name, let nameNode = shared.volume.node["name"],
      let list = pod.node["volumes"]
    else { return }
    findings.edit(
      .duplicate(shared.volume.node, of: list, changing: [(nameNode, name), (secretName, secret)]),
      pod.object, "volume \(name)", "is new and contains the Secret \(secret)")
  }

  /// Gives the volume the Secret of the component that keeps it.
  private mutating func lead(
    _ shared: CredentialVolume, _ secret: String, _ secretName: YAMLNode, to component: String
  ) {
    guard let own = manifest.secret(of: component), !own.isNamed(secret) else { return }
    findings.abandoned.append((secret, pod.object))
    findings.edit(
      .set(secretName, to: own.name), pod.object, shared.part,
      "contains the Secret \(own.name), not \(secret)")
  }

  /// Replaces a volume that has no Secret by volumes of the components' Secrets.
  private mutating func replace(
    _ shared: CredentialVolume, _ names: inout VolumeNames, _ own: inout [String: String]
  ) {
    var volumes: [YAMLValue] = []
    for component in shared.users.components {
      findings.need(component, in: pod.object)
      guard own[component] == nil, let secret = manifest.secret(of: component) else { continue }
      let name = names.fresh(for: component, beside: shared.name)
      own[component] = name
      // Read in the group of root.
      let mode = ComponentSignature.withoutRoot.contains(component) ? 0o440 : 0o400
      let source = YAMLValue.mapping(["secretName": .string(secret.name), "defaultMode": .number(mode)])
      volumes.append(.mapping(["name": .string(name), "secret": source]))
    }
    let what = shared.users.components.compactMap { own[$0] }.joined(separator: " and ")
    shared.replace(by: volumes, "is replaced by \(what), of a Secret for each component", &findings)
    for use in shared.users {
      if let name = own[use.component] { shared.exchange(for: name, in: use, &findings) }
    }
  }
}
