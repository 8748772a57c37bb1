/// Puts the agent before a pod's other containers, and its configuration into the file. The agent is the pod's first
/// init container and keeps running beside the other containers (`restartPolicy: Always`, Kubernetes 1.29). The next
/// container starts when the agent's startupProbe has found every certificate. An agent of an earlier run with
/// another image or configuration gets the new ones.
struct AgentInsertion {
  private let agent: AgentPlacement
  private let pod: PodSpec
  private let components: [String]
  private(set) var findings: Findings

  /// - Parameters:
  ///   - uses: Those of the pod.
  ///   - components: Those that the agent gets credentials for; not empty.
  ///   - volumes: The volumes to which it writes, by component.
  init(
    _ agent: AgentPlacement, _ manifest: Manifest, _ pod: PodSpec, _ uses: [CredentialUse],
    for components: [String], volumes: [String: String]
  ) {
    self.agent = agent
    self.pod = pod
    self.components = components
    findings = Findings(in: manifest)
    if let unknown = components.first(where: { agent.identities[$0] == nil }) {
      findings.fault(
        at: pod.node.range.lowerBound, pod.object, nil, "has \(unknown), which has no identity",
        hint: "name \(unknown) under 'components' in the segmentation's file")
      return
    }
    let folder = manifest.agentFolder(of: pod)
    let map = AgentConfigMap(of: agent, for: components, in: pod, folder: folder)
    guard let mounts = mounts(of: volumes, for: uses, copies: folder == nil) else { return }
    configure(map, in: manifest)
    let old = pod.containers.first(where: AgentContainer.isOwn)
    let container = AgentContainer.value(
      image: agent.image, mounts: mounts, writesToHost: pod.object.kind == "DaemonSet",
      givesAway: !ComponentSignature.withoutRoot.isDisjoint(with: components) && pod.hasUnprivilegedImages,
      besides: old?.node)
    if let old {
      update(old, to: container)
    } else {
      insert(container)
    }
    completeVolumes()
    warn()
  }

  /// Adds the agent's configuration, or puts it in the place of an earlier one.
  private mutating func configure(_ map: AgentConfigMap, in manifest: Manifest) {
    guard map.fits else {
      findings.fault(
        at: pod.node.range.lowerBound, pod.object, nil,
        "would need a ConfigMap of more than a megabyte for its agent, and the API server takes none",
        hint: "use --via host, or fewer and smaller files in --agent-file")
      return
    }
    let existing = manifest.find("ConfigMap", named: map.name, from: pod.object).first
    if let existing {
      if YAMLValue(existing.root).sorted == map.value.sorted { return }
      guard existing.isManaged else {
        findings.fault(
          at: existing.root.range.lowerBound, existing, nil,
          "has the name of the agent's configuration, and Bulkhead did not write it",
          hint: "rename it, or the workload \(pod.object.name)")
        return
      }
      findings.superseded.append(existing)
    }
    findings.configMaps.append(map)
  }

  /// The mounts of the agent's container; nil, with a fault, if the pod is not one that an agent can be put
  /// into.
  private mutating func mounts(
    of volumes: [String: String], for uses: [CredentialUse], copies: Bool
  ) -> [YAMLValue]? {
    if let other = pod.containers.first(where: { $0.name == AgentContainer.name && !AgentContainer.isOwn($0) }
    ) {
      findings.fault(
        at: other.node.range.lowerBound, pod.object, other.part,
        "has the name of the agent's container and does not run the agent",
        hint: "rename it")
      return nil
    }
    guard Set(volumes.keys) == Set(components) else {
      let missing = components.filter { volumes[$0] == nil }.joined(separator: " and ")
      findings.fault(
        at: pod.node.range.lowerBound, pod.object, nil,
        "has no volume to which an agent could write for \(missing)",
        hint: "mount its credential at \(CredentialFile.directory), as Calico's own manifest does")
      return nil
    }
    var network: String?
    if copies, let use = uses.first(where: { $0.component == "cni-plugin" }) {
      guard let host = use.container.hostNetworkMount else {
        findings.fault(
          at: use.container.node.range.lowerBound, pod.object, use.container.part,
          "mounts nothing at \(Container.hostNetworkFolder), where the agent has to keep the plugin's copy current",
          hint:
            "mount the host's folder of the CNI configuration there, as Calico's own manifest does; or let the "
            + "agent keep the credentials on the host, as it does without --agent-memory")
        return nil
      }
      network = host.volumeName
    }
    return AgentContainer.mounts(of: volumes, network: network, agent)
  }

  private mutating func insert(_ container: YAMLValue) {
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
  }

  private mutating func update(_ old: Container, to container: YAMLValue) {
    guard YAMLValue(old.node).sorted != container.sorted, let list = pod.node["initContainers"] else {
      return
    }
    let image =
      old.image == nil || old.node["image"]?.string != agent.image ? ", with the image \(agent.image)" : ""
    findings.edit(
      .replace(old.node, of: list, by: [container], YAMLStyle(like: old.node)), pod.object, old.part,
      "is written again" + image)
  }

  /// Adds the volumes that only the agent uses, and removes those of an earlier run that it no longer uses.
  private mutating func completeVolumes() {
    guard let list = pod.node["volumes"], let last = list.items?.last else { return }
    let wanted = AgentContainer.volumes(of: pod, agent)
    for (name, value) in wanted {
      guard let existing = pod.volumes.first(where: { $0.name == name }) else {
        findings.edit(
          .append(value, to: list, YAMLStyle(like: last)), at: last.range.lowerBound, pod.object,
          "volume \(name)", "is new, for the agent alone")
        continue
      }
      if YAMLValue(existing.node).sorted == value.sorted { continue }
      findings.edit(
        .replace(existing.node, of: list, by: [value], YAMLStyle(like: existing.node)), pod.object,
        "volume \(name)", "is written again")
    }
    let names = Set(wanted.map(\.name))
    for volume in pod.volumes where AgentContainer.isOwn(volume) && !names.contains(volume.name) {
      findings.edit(
        .replace(volume.node, of: list, by: [], .usual), pod.object, "volume \(volume.name)",
        "is removed: the agent no longer uses it")
    }
  }

  private mutating func warn() {
    let part = "container \(AgentContainer.name)"
    let offset = pod.node.range.lowerBound
    findings.warn(
      .agent, at: offset, pod.object, part,
      "is a sidecar container, which needs Kubernetes 1.29 or later",
      hint: "check that the API server and every kubelet run 1.29 or later")
    let names = agent.sourceHosts.filter(Self.isClusterName)
    let resolves = pod.node["dnsPolicy"]?.string == "ClusterFirstWithHostNet"
    if let name = names.first {
      if pod.node["hostNetwork"]?.string == "true", !resolves {
        findings.warn(
          .agentSource, at: offset, pod.object, part,
          "asks \(name), a name that only the cluster's DNS resolves: the pod uses the host's network, and with it the DNS "
            + "servers of the host",
          hint:
            "give an address that the hosts resolve, such as that of a load balancer, or the cluster IP of the Service"
        )
      }
      findings.warn(
        .agentSource, at: offset, pod.object, part,
        "asks \(name), a source inside this cluster: after a power failure of the whole cluster it may need Calico's "
          + "network, which waits for it"
          + (agent.folder == nil ? "" : " where a node has no credential of before"),
        hint:
          "run the source outside of this cluster, or in pods with hostNetwork whose storage needs no pod network"
      )
    }
    if agent.folder == nil, pod.object.kind == "DaemonSet" {
      findings.warn(
        .agentMemory, at: offset, pod.object, part,
        "keeps the credentials in memory only: a node that restarts while the source is unreachable has no network",
        hint:
          "without --agent-memory it keeps them in \(AgentPlacement.usualFolder) of each host, for root only")
    }
  }

  /// Whether a host is the name of a Service in Kubernetes.
  private static func isClusterName(_ host: String) -> Bool {
    let name = host.lowercased().hasSuffix(".") ? String(host.lowercased().dropLast()) : host.lowercased()
    return name.hasSuffix(".svc") || name.hasSuffix(".cluster.local")
  }
}
