/// The agent in a pod as YAML: its container, its mounts, and the volumes that only it uses.
enum AgentContainer {
  static let name = "bulkhead-agent"
  static let configurationFolder = "/etc/bulkhead-agent"
  private static let tokenFolder = "/var/run/secrets/bulkhead"
  private static let configurationVolume = "\(name)-config"
  private static let tokenVolume = "\(name)-token"

  /// The folder in the container to which the agent writes a component's credential.
  static func folder(of component: String) -> String { "/var/run/bulkhead/\(component)" }

  /// The volumes of the agent's configuration and of its service account token.
  static func volumes(of pod: PodSpec) -> [YAMLValue] {
    let token = YAMLValue.mapping([
      "serviceAccountToken": .mapping([
        "audience": .string("bulkhead"), "expirationSeconds": .number(600),
        "path": .string("token"),
      ])
    ])
    return [
      .mapping([
        "name": .string(configurationVolume),
        "configMap": .mapping(["name": .string("\(name)-\(pod.object.name)")]),
      ]),
      .mapping([
        "name": .string(tokenVolume),
        "projected": .mapping(["sources": .sequence([token])]),
      ]),
    ]
  }

  /// - Parameters:
  ///   - volumes: The volumes in memory, by component.
  ///   - network: The volume of the host's folder of CNI configurations, if the agent keeps a copy there.
  static func mounts(of volumes: [String: String], network: String?) -> [YAMLValue] {
    var mounts = volumes.sorted { $0.key < $1.key }.map { component, volume in
      mount(volume, at: folder(of: component), readOnly: false)
    }
    if let network { mounts.append(mount(network, at: Container.hostNetworkFolder, readOnly: false)) }
    mounts.append(mount(configurationVolume, at: configurationFolder, readOnly: true))
    mounts.append(mount(tokenVolume, at: tokenFolder, readOnly: true))
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

  /// The container runs as root, so that root owns its files whatever the pod's other containers run as, but
  /// without any of root's capabilities.
  static func value(image: String, mounts: [YAMLValue]) -> YAMLValue {
    func words(_ texts: [String]) -> YAMLValue { .sequence(texts.map(YAMLValue.string)) }
    let command = ["bulkhead", "agent", "--config", "\(configurationFolder)/agent.yaml"]
    let node = YAMLValue.mapping([
      "name": .string("NODE_NAME"),
      "valueFrom": .mapping(["fieldRef": .mapping(["fieldPath": .string("spec.nodeName")])]),
    ])
    return .mapping([
      "name": .string(name),
      "image": .string(image),
      "restartPolicy": .string("Always"),
      "command": words(command),
      "env": .sequence([node]),
      "startupProbe": .mapping([
        "exec": .mapping(["command": words(command + ["--check"])]),
        "periodSeconds": .number(2), "timeoutSeconds": .number(10), "failureThreshold": .number(150),
      ]),
      "resources": .mapping(["requests": .mapping(["cpu": .string("10m"), "memory": .string("32Mi")])]),
      "securityContext": .mapping([
        "runAsUser": .number(0), "runAsNonRoot": .bool(false), "allowPrivilegeEscalation": .bool(false),
        "readOnlyRootFilesystem": .bool(true),
        "capabilities": .mapping(["drop": words(["ALL"])]),
        "seccompProfile": .mapping(["type": .string("RuntimeDefault")]),
      ]),
      "volumeMounts": .sequence(mounts),
    ])
  }
}
