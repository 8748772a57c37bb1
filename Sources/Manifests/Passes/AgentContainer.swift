/// The agent in a pod as YAML: its container, its mounts, and the volumes that only it uses.
enum AgentContainer {
  static let name = "bulkhead-agent"
  static let configurationFolder = "/etc/bulkhead-agent"
  static let secretFolder = "/etc/bulkhead-agent-secret"
  private static let tokenFolder = "/var/run/secrets/bulkhead"
  static let tokenFile = "\(tokenFolder)/token"
  /// Where admission mounts the default token of the service account, unless something else is mounted there
  /// (Kubernetes, `serviceaccount.DefaultAPITokenMountPath`, `plugin/pkg/admission/serviceaccount`).
  private static let defaultTokenFolder = "/var/run/secrets/kubernetes.io/serviceaccount"
  private static let program = ["bulkhead", "agent"]

  private static let configurationVolume = "\(name)-config"
  private static let tokenVolume = "\(name)-token"
  private static let secretVolume = "\(name)-secret"
  private static let emptyVolume = "\(name)-empty"

  /// The folder in the container to which the agent writes a component's credential.
  static func folder(of component: String) -> String { "/var/run/bulkhead/\(component)" }

  /// Whether a container is an agent that ``value(image:mounts:besides:)`` wrote.
  static func isOwn(_ container: Container) -> Bool {
    let command = (container.node["command"]?.items ?? []).prefix(program.count).map(\.string)
    return container.isInit && container.name == name && command == program.map(Optional.some)
  }

  /// Whether a volume is one that only the agent uses.
  static func isOwn(_ volume: Volume) -> Bool {
    [configurationVolume, tokenVolume, secretVolume, emptyVolume].contains(volume.name)
  }

  /// The volumes that only the agent uses: its configuration, its service-account token, its Secret, and the empty one
  /// that keeps the default token out of its container.
  static func volumes(of pod: PodSpec, _ agent: AgentPlacement) -> [(name: String, value: YAMLValue)] {
    let token = YAMLValue.mapping([
      "serviceAccountToken": .mapping([
        "audience": .string("bulkhead"), "expirationSeconds": .number(600),
        "path": .string("token"),
      ])
    ])
    var volumes: [(String, YAMLValue.Pair)] = [
      (configurationVolume, .init("configMap", .mapping(["name": .string("\(name)-\(pod.object.name)")]))),
      (tokenVolume, .init("projected", .mapping(["sources": .sequence([token])]))),
    ]
    if let secret = agent.secret {
      let source = YAMLValue.mapping(["secretName": .string(secret), "defaultMode": .number(0o400)])
      volumes.append((secretVolume, .init("secret", source)))
    }
    if !agent.needsDefaultToken {
      volumes.append((emptyVolume, .init("emptyDir", .mapping(["medium": .string("Memory")]))))
    }
    return volumes.map { ($0, .mapping([.init("name", $0), $1])) }
  }

  /// - Parameters:
  ///   - volumes: The volumes to which it writes, by component.
  ///   - network: The volume of the host's folder of CNI configurations, if the agent keeps a copy there.
  static func mounts(of volumes: [String: String], network: String?, _ agent: AgentPlacement) -> [YAMLValue] {
    var mounts = volumes.sorted { $0.key < $1.key }.map { component, volume in
      mount(volume, at: folder(of: component), readOnly: false)
    }
    if let network { mounts.append(mount(network, at: Container.hostNetworkFolder, readOnly: false)) }
    mounts.append(mount(configurationVolume, at: configurationFolder, readOnly: true))
    mounts.append(mount(tokenVolume, at: tokenFolder, readOnly: true))
    if agent.secret != nil { mounts.append(mount(secretVolume, at: secretFolder, readOnly: true)) }
    if !agent.needsDefaultToken { mounts.append(mount(emptyVolume, at: defaultTokenFolder, readOnly: true)) }
    return mounts
  }

  private static func mount(_ volume: String, at path: String, readOnly: Bool) -> YAMLValue {
    var pairs: [YAMLValue.Pair] = [
      .init("name", volume),
      .init("mountPath", path),
    ]
    if readOnly { pairs.append(.init("readOnly", .bool(true))) }
    return .mapping(pairs)
  }

  /// The container runs as root, so that root owns its files whatever the pod's other containers run as, but without
  /// root's capabilities.
  /// - Parameters:
  ///   - writesToHost: Whether it writes to folders of the host. With SELinux only the type `spc_t` may, in which
  ///     privileged containers such as install-cni run too.
  ///   - groups: Whether it gives files to other groups than root's.
  ///   - old: A container of an earlier run: what others added to it stays.
  static func value(
    image: String, mounts: [YAMLValue], writesToHost: Bool, givesAway: Bool, besides old: YAMLNode?
  ) -> YAMLValue {
    func words(_ texts: [String]) -> YAMLValue { .sequence(texts.map(YAMLValue.string)) }
    let command = program + ["--config", "\(configurationFolder)/agent.yaml"]
    let node = YAMLValue.mapping([
      "name": .string("NODE_NAME"),
      "valueFrom": .mapping(["fieldRef": .mapping(["fieldPath": .string("spec.nodeName")])]),
    ])
    var capabilities: [YAMLValue.Pair] = [.init("drop", words(["ALL"]))]
    if givesAway { capabilities.append(.init("add", words(["CHOWN"]))) }
    var security: [YAMLValue.Pair] = [
      .init("runAsUser", .number(0)), .init("runAsNonRoot", .bool(false)),
      .init("allowPrivilegeEscalation", .bool(false)), .init("readOnlyRootFilesystem", .bool(true)),
      .init("capabilities", .mapping(capabilities)),
      .init("seccompProfile", .mapping(["type": .string("RuntimeDefault")])),
    ]
    if writesToHost {
      security.append(.init("seLinuxOptions", .mapping(["type": .string("spc_t")])))
    }
    let pairs: [YAMLValue.Pair] = [
      .init("name", name),
      .init("image", image),
      .init("restartPolicy", "Always"),
      .init("command", words(command)),
      .init("env", .sequence([node])),
      .init(
        "startupProbe",
        .mapping([
          "exec": .mapping(["command": words(command + ["--probe"])]),
          "periodSeconds": .number(2), "timeoutSeconds": .number(10), "failureThreshold": .number(150),
        ])),
      .init(
        "resources", .mapping(["requests": .mapping(["cpu": .string("10m"), "memory": .string("32Mi")])])),
      .init("securityContext", .mapping(security)),
      .init("volumeMounts", .sequence(mounts)),
    ]
    return .mapping(merged(pairs, with: old))
  }

  /// The resources are the user's once the container is there, and so is each key that is not written here, such as
  /// `imagePullPolicy`.
  private static func merged(_ pairs: [YAMLValue.Pair], with old: YAMLNode?) -> [YAMLValue.Pair] {
    guard let old, case .mapping(let existing) = YAMLValue(old) else { return pairs }
    let own = pairs.map(\.key)
    var result = pairs.map { pair in
      pair.key == .string("resources") ? existing.first { $0.key == pair.key } ?? pair : pair
    }
    // In the order in which they are written, so that an unchanged container stays as it is.
    for (index, pair) in existing.enumerated() where !own.contains(pair.key) {
      result.insert(pair, at: min(index, result.count))
    }
    return result
  }
}
