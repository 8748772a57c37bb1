/// Replaces a pod's volumes of Secrets by volumes in memory, to which the pod's agent writes: one for each
/// component.
struct AgentVolumes {
  private let pod: PodSpec
  /// The names of the object's new volumes, by component.
  private(set) var names: [String: String]
  private(set) var findings: Findings

  /// - Parameters:
  ///   - uses: Those of the pod.
  ///   - names: Those of the object's pod specs before this one.
  init(_ manifest: Manifest, _ pod: PodSpec, _ uses: [CredentialUse], besides names: [String: String]) {
    self.pod = pod
    self.names = names
    findings = Findings(in: manifest)
    var taken = VolumeNames(of: pod)
    for volume in pod.volumes {
      guard let shared = CredentialVolume(volume, of: pod, usedBy: uses, in: manifest, &findings) else {
        continue
      }
      replace(shared, &taken)
    }
  }

  private mutating func replace(_ shared: CredentialVolume, _ taken: inout VolumeNames) {
    var new: [String: String] = [:]
    var volumes: [YAMLValue] = []
    for component in shared.users.components {
      let name = taken.fresh(for: "\(component)-memory", beside: shared.name)
      new[component] = name
      volumes.append(
        .mapping(["name": .string(name), "emptyDir": .mapping(["medium": .string("Memory")])]))
    }
    names.merge(new) { $1 }
    // The agent's own volumes come with the first volume that is replaced.
    if names.count == new.count { volumes += AgentContainer.volumes(of: pod) }
    let what = new.values.sorted().joined(separator: " and ")
    shared.replace(by: volumes, "is replaced by \(what), in memory", &findings)
    for use in shared.users {
      if let name = new[use.component] { shared.exchange(for: name, in: use, &findings) }
    }
  }
}
