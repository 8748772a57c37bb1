extension SegmentationPlan {
  /// Warns of known problems of such manifests that Bulkhead does not change.
  mutating func reportKnownFaults() {
    for use in uses {
      let pod = pods[use.pod]
      if isServed(pod) {
        checkEndpoints(use, in: pod)
        continue
      }
      if use.component == "kube-controllers" { checkMode(of: use, in: pod) }
      if use.component == "cni-plugin" { checkInstaller(use, in: pod) }
      if let optional = use.volume.node["secret"]?["optional"], optional.string == "true" {
        warn(
          .secretOptional, at: optional.range.lowerBound, pod.object, "volume \(use.volume.name)",
          "is optional: without its Secret the pod starts all the same, and the CNI installer then writes a "
            + "configuration without a credential", hint: "take `optional: true` out")
      }
      checkEndpoints(use, in: pod)
    }
    reportForeignEndpoints()
    reportImmutable()
    reportCanal()
  }

  /// Since v3.17.1 kube-controllers runs as user 999 and group 0 (calico#4313).
  private mutating func checkMode(of use: CredentialUse, in pod: PodSpec) {
    guard let mode = use.volume.node["secret"]?["defaultMode"], let text = mode.string,
      let bits = Self.fileMode(text), bits & 0o040 == 0,
      use.container.image?.version.map({ $0 >= (3, 17, 1) }) ?? true
    else { return }
    warn(
      .modeNotGroupReadable, at: mode.range.lowerBound, pod.object, "volume \(use.volume.name)",
      "has the mode \(text), which kube-controllers cannot read: it runs as user 999, group 0 (calico#4313)",
      hint: "set defaultMode to 0440")
  }

  /// Parses a file mode as Kubernetes does: octal with a leading zero (YAML 1.1), else decimal.
  static func fileMode(_ text: String) -> Int? {
    if text.hasPrefix("0o") { return Int(text.dropFirst(2), radix: 8) }
    return text.hasPrefix("0") ? Int(text, radix: 8) : Int(text)
  }

  private mutating func checkEndpoints(_ use: CredentialUse, in pod: PodSpec) {
    guard let variable = use.container.variable("ETCD_ENDPOINTS") else { return }
    var found: (YAMLNode, KubernetesObject, String)?
    if let value = variable.value {
      found = (value, pod.object, use.container.part)
    } else if let (name, key) = variable.configMapKey,
      let map = find("ConfigMap", named: name, from: pod.object).first,
      let value = map.root["data"]?[key]
    {
      found = (value, map, key)
    }
    guard let (value, owner, part) = found, value.string?.contains("http://") == true else { return }
    warn(
      .endpointsWithoutTLS, at: value.range.lowerBound, owner, part,
      "has an http endpoint: without TLS no certificate is shown to etcd", hint: "give https endpoints")
  }

  /// Calico's calicoctl-etcd.yaml takes the endpoints from the ConfigMap calico-config, which does not exist
  /// with canal.
  private mutating func reportForeignEndpoints() {
    for pod in pods {
      for container in pod.containers where ComponentSignature.named(container.name)?.component == "calicoctl"
      {
        guard let variable = container.variable("ETCD_ENDPOINTS"), let (name, key) = variable.configMapKey,
          find("ConfigMap", named: name, from: pod.object).isEmpty
        else { continue }
        warn(
          .configMapElsewhere, at: variable.node.range.lowerBound, pod.object, container.part,
          "gets ETCD_ENDPOINTS from ConfigMap/\(name), which is not in this file",
          hint: "see to it that it has the key \(key); with canal, the ConfigMap is canal-config")
      }
    }
  }

  /// Warns of objects that the API server does not change in place.
  private mutating func reportImmutable() {
    let edited = Set(edits.map(\.object))
    for object in objects where edited.contains(object.id) {
      if object.updatesOnDelete {
        warn(
          .updatesOnDelete, at: object.root.range.lowerBound, object, nil,
          "replaces no pod by itself: its update strategy is OnDelete",
          hint: "delete its pods one after the other once the manifest is applied")
      }
      let isPod = ["Pod", "Job"].contains(object.kind)
      guard isPod || object.root["immutable"]?.string == "true" else { continue }
      warn(
        .objectNotRecreated, at: object.root.range.lowerBound, object, nil,
        isPod
          ? "cannot be changed in place: the API server refuses another pod template in a \(object.kind)"
          : "is immutable and cannot be changed in place",
        hint: "delete it and create it again, or use kubectl replace --force")
    }
  }

  /// Warns of faults in Calico's canal-etcd.yaml itself.
  private mutating func reportCanal() {
    guard uses.contains(where: { $0.component == "flannel" }) else { return }
    for object in objects where object.kind == "ClusterRoleBinding" {
      for subject in object.root["subjects"]?.items ?? [] where subject["kind"]?.string == "ServiceAccount" {
        guard let name = subject["name"]?.string, name == "canal",
          !objects.contains(where: { $0.kind == "ServiceAccount" && $0.name == name })
        else { continue }
        warn(
          .canal, at: subject.range.lowerBound, object, nil,
          "names the ServiceAccount canal, which is not in this file: Calico's manifest calls it canal-node",
          hint: "name the ServiceAccount that the DaemonSet runs as")
      }
    }
    for use in uses where use.component == "flannel" && pods[use.pod].object.kind == "Job" {
      let words = ["command", "args"].flatMap { use.container.node[$0]?.items ?? [] }.compactMap(\.string)
      guard words.contains("set"), !words.contains(where: { $0.contains(CredentialFile.directory) }) else {
        continue
      }
      warn(
        .canal, at: use.container.node.range.lowerBound, pods[use.pod].object, use.container.part,
        "calls etcdctl without the paths of its certificate, and in the way of etcd's API v2, which etcdctl "
          + "from v3.4 on does not take by default",
        hint:
          "write flannel's configuration to /coreos.com/network/config yourself, or correct the Job's command"
      )
    }
  }
}

extension KubernetesObject {
  /// Whether a DaemonSet does not replace its pods when its template changes: the default before apps/v1.
  var updatesOnDelete: Bool {
    guard kind == "DaemonSet" else { return false }
    let strategy = root["spec"]?["updateStrategy"]?["type"]?.string
    return strategy == "OnDelete" || strategy == nil && apiVersion == "extensions/v1beta1"
  }
}
