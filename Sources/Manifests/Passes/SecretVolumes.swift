/// Gives each component of a pod a volume with its own Secret. The existing volume stays with one of the
/// components; each other component gets a copy directly after it, under another name. (A volume that changes
/// its Secret under its name merges cleanly, one that changes its type does not: kubernetes#112014.)
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
      let components = ordered(shared.users.components, keeping: shared.secret)
      for component in components { findings.need(component, in: pod.object) }
      for component in components.dropFirst() where own[component] == nil {
        if let existing = existingVolume(of: component) {
          own[component] = existing.name
        } else {
          let name = names.fresh(for: component, beside: shared.name)
          own[component] = name
          duplicate(shared, for: component, as: name)
        }
      }
      for use in shared.users where use.component != components.first {
        if let name = own[use.component] { shared.exchange(for: name, in: use, &findings) }
      }
      if let keeper = components.first { lead(shared, to: keeper) }
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

  private mutating func duplicate(_ shared: CredentialVolume, for component: String, as name: String) {
    guard let secret = manifest.secret(of: component)?.name, let nameNode = shared.volume.node["name"],
      let list = pod.node["volumes"]
    else { return }
    findings.edit(
      .duplicate(
        shared.volume.node, of: list, changing: [(nameNode, name), (shared.secretName, secret)]),
      pod.object, "volume \(name)", "is new and contains the Secret \(secret)")
  }

  /// Gives the volume the Secret of the component that keeps it.
  private mutating func lead(_ shared: CredentialVolume, to component: String) {
    guard let own = manifest.secret(of: component), !own.isNamed(shared.secret) else { return }
    findings.abandoned.append((shared.secret, pod.object))
    findings.edit(
      .set(shared.secretName, to: own.name), pod.object, shared.part,
      "contains the Secret \(own.name), not \(shared.secret)")
  }
}
