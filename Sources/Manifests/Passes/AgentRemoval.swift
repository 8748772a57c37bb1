/// Removes the agent of an earlier run from the pods that no longer get their credentials from one: its container, the
/// volumes that only it used, and its configuration.
struct AgentRemoval {
  private(set) var findings: Findings

  init(_ manifest: Manifest) {
    findings = Findings(in: manifest)
    for pod in manifest.pods where !manifest.isServed(pod) {
      guard let agent = pod.containers.first(where: AgentContainer.isOwn) else { continue }
      remove(agent, from: pod)
      remove(volumesOf: pod)
      let name = "\(AgentContainer.name)-\(pod.object.name)"
      findings.superseded += manifest.find("ConfigMap", named: name, from: pod.object).filter(\.isManaged)
    }
  }

  private mutating func remove(_ agent: Container, from pod: PodSpec) {
    guard let entry = pod.node.entry("initContainers") else { return }
    let what = "is removed: the credentials come from elsewhere"
    if entry.value.items?.count == 1 {
      findings.edit(.remove(entry, of: pod.node), pod.object, agent.part, what)
    } else {
      findings.edit(
        .replace(agent.node, of: entry.value.resolved, by: [], .usual), pod.object, agent.part, what)
    }
  }

  private mutating func remove(volumesOf pod: PodSpec) {
    guard let list = pod.node["volumes"] else { return }
    // The volume of a component that no container mounts: the agent wrote to it for the CNI plugin.
    let mounted = Set(
      pod.containers.filter { !AgentContainer.isOwn($0) }.flatMap(\.mounts).map(\.volumeName))
    let written = Set(
      pod.containers.filter(AgentContainer.isOwn).flatMap(\.mounts)
        .filter { $0.path.hasPrefix(AgentContainer.folder(of: "")) }.map(\.volumeName))
    for volume in pod.volumes
    where AgentContainer.isOwn(volume) || written.contains(volume.name) && !mounted.contains(volume.name) {
      findings.edit(
        .replace(volume.node, of: list, by: [], .usual), pod.object, "volume \(volume.name)",
        "is removed: only the agent used it")
    }
  }
}
