/// The agent as the pod's first init container, which keeps running beside the other containers
/// (`restartPolicy: Always`, Kubernetes 1.29). The next container starts when the agent's startupProbe has
/// found every certificate.
extension SegmentationPlan {
  static let agentName = "bulkhead-agent"
  /// The folder with a folder for each component's credential.
  static let agentFolder = "/var/run/bulkhead"
  static let agentConfiguration = "/etc/bulkhead-agent"
  /// The mount path of the host's CNI configuration folder in the CNI installer.
  static let hostNetworkFolder = "/host/etc/cni/net.d"
  private static let tokenFolder = "/var/run/secrets/bulkhead"

  /// Whether the pods get their credentials from an agent. With an agent a Job would never end, and a Pod is
  /// created by hand.
  func isServed(_ pod: PodSpec) -> Bool {
    guard case .agent = options.delivery else { return false }
    return ["DaemonSet", "Deployment", "StatefulSet", "ReplicaSet"].contains(pod.object.kind)
  }

  /// Whether a volume is in memory and the pod's agent writes the component's credential to it.
  func isServed(_ volume: Volume, for component: String, in pod: PodSpec) -> Bool {
    guard isServed(pod), volume.node["emptyDir"]?["medium"]?.string == "Memory" else { return false }
    return pod.containers.contains { container in
      container.isInit && container.name == Self.agentName
        && container.mounts.contains {
          $0.path == "\(Self.agentFolder)/\(component)" && $0.volumeName == volume.name
        }
    }
  }

  mutating func checkAgent() {
    guard case .agent(let agent) = options.delivery else { return }
    if agent.image.wholeMatch(of: #/[A-Za-z0-9][-A-Za-z0-9._\/:@]*/#) == nil {
      fault(
        at: 0, nil, nil, "is to run the agent of the image '\(agent.image)', which is no image's name",
        hint: "give one such as registry.example/bulkhead:0.1.0")
    }
    if !agent.source.contains(where: { !$0.isWhitespace }) {
      fault(
        at: 0, nil, nil, "is to have an agent without a source of certificates",
        hint: "say what stands under 'source:' in agent.yaml")
    }
  }

  /// Replaces the Secret's volume by a volume in memory for each component, under a new name
  /// (kubernetes#112014).
  mutating func serve(
    _ users: [CredentialUse], of volume: Volume, in pod: PodSpec, names: inout Set<String>
  ) {
    guard let list = pod.node["volumes"] else { return }
    if let old = volume.secret { abandoned.append((old, pod.object)) }
    var new: [String: String] = [:]
    var volumes: [YAMLValue] = []
    for component in Set(users.map(\.component)).sorted() {
      let name = freshName(for: "\(component)-memory", beside: volume.name, names: &names)
      new[component] = name
      volumes.append(
        .mapping(["name": .string(name), "emptyDir": .mapping(["medium": .string("Memory")])]))
    }
    served[pod.object.id, default: [:]].merge(new) { $1 }
    if served[pod.object.id]?.count == new.count { volumes += agentVolumes(of: pod) }
    plan(
      .replace(volume.node, of: list, by: volumes, YAMLStyle(like: volume.node)), pod.object,
      "volume \(volume.name)", "makes way for \(new.values.sorted().joined(separator: " and ")), in memory")
    for use in users {
      guard let name = new[use.component] else { continue }
      plan(
        .set(use.volumeName, to: name), pod.object, use.container.part,
        "mounts \(name) at \(use.mount.path), not \(volume.name)")
    }
  }

  private func agentVolumes(of pod: PodSpec) -> [YAMLValue] {
    let token = YAMLValue.mapping([
      "serviceAccountToken": .mapping([
        "audience": .string("bulkhead"), "expirationSeconds": .scalar("3600", isString: false),
        "path": .string("token"),
      ])
    ])
    return [
      .mapping([
        "name": .string("\(Self.agentName)-config"),
        "configMap": .mapping(["name": .string(configName(of: pod))]),
      ]),
      .mapping([
        "name": .string("\(Self.agentName)-token"),
        "projected": .mapping(["sources": .sequence([token])]),
      ]),
    ]
  }

  private func configName(of pod: PodSpec) -> String { "\(Self.agentName)-\(pod.object.name)" }

  /// Inserts the agent before the pod's other containers, and its configuration into the file.
  mutating func runAgent(in index: Int) {
    let pod = pods[index]
    let users = uses.filter { $0.pod == index }
    guard case .agent(let agent) = options.delivery, !users.isEmpty, faults.isEmpty else { return }
    let components = Set(users.map(\.component)).sorted()
    if let unknown = components.first(where: { agent.identities[$0] == nil }) {
      fault(
        at: pod.node.range.lowerBound, pod.object, nil, "has \(unknown), which has no identity",
        hint: "name \(unknown) under 'components' in the segmentation's file")
      return
    }
    configure(agent, components, in: pod)
    guard let new = served[pod.object.id] else { return }
    if let other = pod.containers.first(where: { $0.name == Self.agentName }) {
      fault(
        at: other.node.range.lowerBound, pod.object, other.part,
        "is there already and does not serve every component of the pod",
        hint: "take it, its volumes and the ConfigMap \(configName(of: pod)) out, and run this again")
      return
    }
    guard Set(new.keys) == Set(components) else {
      fault(
        at: pod.node.range.lowerBound, pod.object, nil, "has only some of its credentials from Secrets",
        hint: "give all of its components Secrets first")
      return
    }
    var mounts = new.sorted { $0.key < $1.key }.map { component, volume in
      Self.mount(volume, at: "\(Self.agentFolder)/\(component)", readOnly: false)
    }
    if let use = users.first(where: { $0.component == "cni-plugin" }) {
      guard let host = use.container.mounts.first(where: { $0.path == Self.hostNetworkFolder }) else {
        fault(
          at: use.container.node.range.lowerBound, pod.object, use.container.part,
          "mounts nothing at \(Self.hostNetworkFolder), where the agent has to keep the plugin's copy fresh",
          hint: "mount the host's folder of the CNI configuration there, as Calico's own manifest does")
        return
      }
      mounts.append(Self.mount(host.volumeName, at: Self.hostNetworkFolder, readOnly: false))
    }
    mounts.append(
      Self.mount("\(Self.agentName)-config", at: Self.agentConfiguration, readOnly: true))
    mounts.append(Self.mount("\(Self.agentName)-token", at: Self.tokenFolder, readOnly: true))
    let container = Self.container(image: agent.image, mounts: mounts)
    let what = "is new: gets and renews the credentials of \(components.joined(separator: " and "))"
    let part = "container \(Self.agentName)"
    if let entry = pod.node.entry("initContainers") {
      if let first = entry.value.items?.first {
        plan(.prepend(container, to: entry, YAMLStyle(like: first)), pod.object, part, what)
      } else {
        plan(.fill(entry, items: [container], of: pod.node, .usual), pod.object, part, what)
      }
    } else if let entry = pod.node.entry("containers") {
      let pair = YAMLValue.Pair(key: .string("initContainers"), value: .sequence([container]))
      plan(.insert(pair, after: entry, of: pod.node, YAMLStyle(like: pod.node)), pod.object, part, what)
    }
    warn(
      .agent, at: pod.node.range.lowerBound, pod.object, part,
      "goes on running beside the others, which Kubernetes before 1.29 does not know",
      hint: "see that the API server and every kubelet are of 1.29 or later")
  }

  private static func mount(_ volume: String, at path: String, readOnly: Bool) -> YAMLValue {
    var pairs: [YAMLValue.Pair] = [
      .init(key: .string("name"), value: .string(volume)),
      .init(key: .string("mountPath"), value: .string(path)),
    ]
    if readOnly { pairs.append(.init(key: .string("readOnly"), value: .scalar("true", isString: false))) }
    return .mapping(pairs)
  }

  /// The container runs as root, so that root owns its files whatever the pod's other containers run as, but
  /// without any of root's capabilities.
  private static func container(image: String, mounts: [YAMLValue]) -> YAMLValue {
    func words(_ texts: [String]) -> YAMLValue { .sequence(texts.map(YAMLValue.string)) }
    func number(_ number: Int) -> YAMLValue { .scalar("\(number)", isString: false) }
    let no = YAMLValue.scalar("false", isString: false)
    let command = ["bulkhead", "agent", "--config", "\(agentConfiguration)/agent.yaml"]
    let node = YAMLValue.mapping([
      "name": .string("NODE_NAME"),
      "valueFrom": .mapping(["fieldRef": .mapping(["fieldPath": .string("spec.nodeName")])]),
    ])
    return .mapping([
      "name": .string(agentName),
      "image": .string(image),
      "restartPolicy": .string("Always"),
      "command": words(command),
      "env": .sequence([node]),
      "startupProbe": .mapping([
        "exec": .mapping(["command": words(command + ["--check"])]),
        "periodSeconds": number(2), "timeoutSeconds": number(10), "failureThreshold": number(150),
      ]),
      "resources": .mapping(["requests": .mapping(["cpu": .string("10m"), "memory": .string("32Mi")])]),
      "securityContext": .mapping([
        "runAsUser": number(0), "runAsNonRoot": no, "allowPrivilegeEscalation": no,
        "readOnlyRootFilesystem": .scalar("true", isString: false),
        "capabilities": .mapping(["drop": words(["ALL"])]),
      ]),
      "volumeMounts": .sequence(mounts),
    ])
  }

  /// Adds the agent's configuration as a ConfigMap, if the file does not contain it yet.
  private mutating func configure(_ agent: AgentPlacement, _ components: [String], in pod: PodSpec) {
    let map = AgentConfigMap(
      name: configName(of: pod), namespace: pod.object.namespace,
      configuration: configuration(agent, components), etcdCA: agent.etcdCA)
    guard let there = find("ConfigMap", named: map.name, from: pod.object).first else {
      configMaps.append(map)
      return
    }
    guard YAMLValue(there.root) == map.value else {
      fault(
        at: there.root.range.lowerBound, there, nil, "is not the configuration that the agent is to have now",
        hint: "take this document out, and run this again")
      return
    }
  }

  private func configuration(_ agent: AgentPlacement, _ components: [String]) -> String {
    let source = agent.source.lines.filter { line in line.contains { !$0.isWhitespace } }.map { "  \($0)" }
    let certificates = components.flatMap { component in
      var lines = [
        "  - identity: \"\(agent.identities[component] ?? component)\"",
        "    directory: \(Self.agentFolder)/\(component)",
        // kube-controllers runs as user 999 in group root.
        "    keyMode: \"\(component == "kube-controllers" ? "0440" : "0400")\"",
      ]
      if component == "cni-plugin" { lines.append("    cniCopy: \(Self.hostNetworkFolder)/calico-tls") }
      return lines
    }
    return
      (["apiVersion: bulkhead/v1", "kind: Agent", "source:"] + source + ["certificates:"] + certificates
      + ["etcdCA: \(Self.agentConfiguration)/etcd-ca.crt"]).joined(separator: "\n")
  }
}
