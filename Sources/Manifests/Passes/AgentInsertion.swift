/// Inserts the agent before a pod's other containers, and its configuration into the file. The agent is the
/// pod's first init container and keeps running beside the other containers (`restartPolicy: Always`,
/// Kubernetes 1.29). The next container starts when the agent's startupProbe has found every certificate.
struct AgentInsertion {
  private let pod: PodSpec
  private(set) var findings: Findings

  /// - Parameters:
  ///   - uses: Those of the pod; not empty.
  ///   - volumes: The volumes in memory that are new in the pod, by component; empty if the agent is there
  ///     already.
  init(
    _ agent: AgentPlacement, _ manifest: Manifest, _ pod: PodSpec, _ uses: [CredentialUse],
    volumes: [String: String]
  ) {
    self.pod = pod
    findings = Findings(in: manifest)
    let components = uses.components
    if let unknown = components.first(where: { agent.identities[$0] == nil }) {
      findings.fault(
        at: pod.node.range.lowerBound, pod.object, nil, "has \(unknown), which has no identity",
        hint: "name \(unknown) under 'components' in the segmentation's file")
      return
    }
    let map = AgentConfigMap(of: agent, for: components, in: pod)
    configure(map, in: manifest)
    if volumes.isEmpty { return }
    guard let mounts = mounts(of: volumes, for: uses, configuredBy: map) else { return }
    insert(AgentContainer.value(image: agent.image, mounts: mounts), for: components)
  }

  /// Adds the agent's configuration, if the file does not contain it yet.
  private mutating func configure(_ map: AgentConfigMap, in manifest: Manifest) {
    guard let existing = manifest.find("ConfigMap", named: map.name, from: pod.object).first else {
      findings.configMaps.append(map)
      return
    }
    guard YAMLValue(existing.root) == map.value else {
      findings.fault(
        at: existing.root.range.lowerBound, existing, nil,
        "differs from the agent's new configuration",
        hint: "remove this document, and run this again")
      return
    }
  }

  /// The mounts of the agent's container; nil, with a fault, if the pod is not one that an agent can be put
  /// into.
  private mutating func mounts(
    of volumes: [String: String], for uses: [CredentialUse], configuredBy map: AgentConfigMap
  ) -> [YAMLValue]? {
    if let other = pod.containers.first(where: { $0.name == AgentContainer.name }) {
      findings.fault(
        at: other.node.range.lowerBound, pod.object, other.part,
        "already exists and does not serve every component of the pod",
        hint: "remove it, its volumes and the ConfigMap \(map.name), and run this again")
      return nil
    }
    guard Set(volumes.keys) == Set(uses.components) else {
      findings.fault(
        at: pod.node.range.lowerBound, pod.object, nil, "has only some of its credentials from Secrets",
        hint: "give all of its components Secrets first")
      return nil
    }
    var network: String?
    if let use = uses.first(where: { $0.component == "cni-plugin" }) {
      guard let host = use.container.hostNetworkMount else {
        findings.fault(
          at: use.container.node.range.lowerBound, pod.object, use.container.part,
          "mounts nothing at \(Container.hostNetworkFolder), where the agent has to keep the plugin's copy current",
          hint: "mount the host's folder of the CNI configuration there, as Calico's own manifest does")
        return nil
      }
      network = host.volumeName
    }
    return AgentContainer.mounts(of: volumes, network: network)
  }

  private mutating func insert(_ container: YAMLValue, for components: [String]) {
    let what = "is new: gets and renews the credentials of \(components.joined(separator: " and "))"
    let part = "container \(AgentContainer.name)"
    if let entry = pod.node.entry("initContainers") {
      if let first = entry.value.items?.first {
        findings.edit(.prepend(container, to: entry, YAMLStyle(like: first)), pod.object, part, what)
      } else {
        findings.edit(.fill(entry, items: [container], of: pod.node, .usual), pod.object, part, what)
      }
    } else if let entry = pod.node.entry("containers") {
      let pair = YAMLValue.Pair("initContainers", .sequence([container]))
      findings.edit(
        .insert(pair, after: entry, of: pod.node, YAMLStyle(like: pod.node)), pod.object, part, what)
    }
    findings.warn(
      .agent, at: pod.node.range.lowerBound, pod.object, part,
      "is a sidecar container, which needs Kubernetes 1.29 or later",
      hint: "check that the API server and every kubelet run 1.29 or later")
  }
}
