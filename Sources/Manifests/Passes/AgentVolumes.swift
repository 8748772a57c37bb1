/// Replaces a pod's volumes of credentials by volumes to which the pod's agent writes: one for each component, in a
/// folder of the host or in memory.
struct AgentVolumes {
  private let pod: PodSpec
  /// The folder on the host; nil for memory.
  private let folder: String?
  /// The names of the pod's volumes for credentials, by component.
  private(set) var names: [String: String] = [:]
  private(set) var findings: Findings

  /// - Parameters:
  ///   - uses: Those of the pod.
  ///   - components: Those that need a credential; one may have no mount.
  init(_ manifest: Manifest, _ pod: PodSpec, _ uses: [CredentialUse], for components: [String]) {
    self.pod = pod
    folder = manifest.agentFolder(of: pod)
    findings = Findings(in: manifest)
    var taken = VolumeNames(of: pod)
    var replaced: [CredentialVolume] = []
    for volume in pod.volumes {
      if let old = CredentialVolume(volume, of: pod, usedBy: uses, in: manifest, &findings) {
        replaced.append(old)
      } else {
        for use in uses where use.volume.name == volume.name { names[use.component] = volume.name }
      }
    }
    if let agent = pod.containers.first(where: AgentContainer.isOwn) {
      // That of a component without a mount.
      for component in components where names[component] == nil {
        guard let mount = agent.mounts.first(where: { $0.path == AgentContainer.folder(of: component) }),
          let volume = pod.volumes.first(where: { $0.name == mount.volumeName }),
          !uses.contains(where: { $0.component == component }),
          manifest.isDelivered(by: volume, to: component, in: pod)
        else { continue }
        names[component] = volume.name
      }
    }
    let mounted = Set(uses.components)
    var unmounted = components.filter { !mounted.contains($0) && names[$0] == nil }
    for old in replaced {
      replace(old, besides: unmounted, &taken)
      unmounted = []
    }
  }

  private mutating func replace(_ old: CredentialVolume, besides more: [String], _ taken: inout VolumeNames) {
    var volumes: [YAMLValue] = []
    let components = old.users.components + more
    for component in components where names[component] == nil {
      let name = taken.fresh(for: component, from: folder == nil ? "memory" : "agent", beside: old.name)
      names[component] = name
      volumes.append(.mapping([.init("name", name), source(of: component)]))
    }
    let what = components.compactMap { names[$0] }.sorted().joined(separator: " and ")
    let place = folder.map { "in \($0) of each host" } ?? "in memory"
    old.replace(by: volumes, "is replaced by \(what), \(place)", &findings)
    for use in old.users {
      guard let name = names[use.component] else { continue }
      if folder == nil {
        old.exchange(for: name, in: use, &findings)
      } else {
        old.exchangeReadOnly(for: name, in: use, &findings)
      }
    }
  }

  private func source(of component: String) -> YAMLValue.Pair {
    guard let folder else { return .init("emptyDir", .mapping(["medium": .string("Memory")])) }
    let source = YAMLValue.mapping([
      "path": .string("\(folder)/\(component)"), "type": .string("DirectoryOrCreate"),
    ])
    return .init("hostPath", source)
  }
}
