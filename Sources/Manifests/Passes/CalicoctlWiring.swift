/// Gives calicoctl's container its credential. In Calico's calicoctl-etcd.yaml this part is commented out,
/// since v3.31 with an indentation that does not match the lines above, so it is written again with the
/// indentation of the active lines. The paths are values here, not keys of a ConfigMap: the ConfigMap is in
/// another file, and with canal it is canal-config, unlike the name in calicoctl-etcd.yaml.
struct CalicoctlWiring {
  private let manifest: Manifest
  private(set) var findings: Findings

  init(_ manifest: Manifest, uses: [CredentialUse]) {
    self.manifest = manifest
    findings = Findings(in: manifest)
    for pod in manifest.pods {
      let users = Set(uses.of(pod).map(\.container.name))
      for container in pod.containers
      where ComponentSignature.named(container.name)?.component == "calicoctl"
        && container.variable("ETCD_ENDPOINTS") != nil && !users.contains(container.name)
        && !container.mounts.contains(where: { $0.path == CredentialFile.directory })
      {
        wire(container, in: pod)
      }
    }
  }

  private mutating func wire(_ container: Container, in pod: PodSpec) {
    if let variable = container.environment.first(where: { CredentialFile(variable: $0.name) != nil }) {
      findings.fault(
        at: variable.node.range.lowerBound, pod.object, container.part,
        "has \(variable.name) and mounts nothing at \(CredentialFile.directory)",
        hint: "mount the credential there, or remove the variable")
      return
    }
    let component = manifest.options.components[container.name] ?? "calicoctl"
    guard let secret = manifest.secret(of: component), let env = container.node.entry("env"),
      let lastVariable = env.value.items?.last
    else {
      findings.fault(
        at: container.node.range.lowerBound, pod.object, container.part,
        "has no credential, and no list of variables to which one could be added",
        hint: "write its env, volumeMounts and volumes explicitly")
      return
    }
    var style = YAMLStyle(like: lastVariable)
    let dash = manifest.reader.source.column(at: env.value.range.lowerBound)
    style.sequenceOffset = max(0, dash - manifest.reader.source.column(at: env.key.range.lowerBound))
    for file in CredentialFile.allCases {
      let item = YAMLValue.mapping(["name": .string(file.variable), "value": .string(file.path)])
      findings.edit(
        .append(item, to: env.value.resolved, style), at: lastVariable.range.lowerBound, pod.object,
        container.part,
        "has \(file.variable)")
    }
    var names = VolumeNames(of: pod)
    let volume =
      names.contains("etcd-certs") ? names.fresh(for: component, beside: "etcd-certs") : "etcd-certs"
    addItem(
      .mapping(["mountPath": .string(CredentialFile.directory), "name": .string(volume)]), to: "volumeMounts",
      of: container.node, after: env, style, pod.object, container.part,
      "mounts \(volume) at \(CredentialFile.directory)")
    let reference = YAMLValue.mapping(["secretName": .string(secret.name)])
    guard let containers = pod.node.entry("containers") else { return }
    addItem(
      .mapping(["name": .string(volume), "secret": reference]), to: "volumes", of: pod.node,
      after: containers, style,
      pod.object, "volume \(volume)", "is new and contains the Secret \(secret.name)")
    findings.need(component, in: pod.object)
  }

  /// Adds an item to a list in a mapping, whether the list has items, is empty, or does not exist.
  private mutating func addItem(
    _ item: YAMLValue, to key: String, of mapping: YAMLNode, after entry: YAMLEntry, _ style: YAMLStyle,
    _ object: KubernetesObject, _ part: String, _ what: String
  ) {
    let edit: TreeEdit
    if let existing = mapping.entry(key) {
      let isEmpty = existing.value.isNull || existing.value.items?.isEmpty == true
      edit =
        isEmpty
        ? .fill(existing, items: [item], of: mapping, style)
        : .append(item, to: existing.value.resolved, style)
    } else {
      edit = .insert(.init(key, .sequence([item])), after: entry, of: mapping, style)
    }
    findings.edit(edit, object, part, what)
  }
}
