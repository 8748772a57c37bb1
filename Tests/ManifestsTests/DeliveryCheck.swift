import Manifests
import Testing
import YAML

/// Whether each container of a manifest gets the credential of its component in the wanted way, judged on the parsed
/// documents alone: this shares no code with the segmenter.
struct DeliveryCheck {
  enum Way: String, CaseIterable, Sendable { case secret, host, agent, memory }

  private let documents: [Node]
  private let way: Way
  private(set) var faults: [String] = []

  private static let components = [
    "calico-node": "calico-node", "install-cni": "cni-plugin", "install-calico-cni": "cni-plugin",
    "calico-kube-controllers": "kube-controllers", "kube-flannel": "flannel", "flannel": "flannel",
    "configure-flannel": "flannel",
  ]
  private static let secrets = [
    "calico-node": "calico-node-etcd-secrets", "cni-plugin": "calico-cni-etcd-secrets",
    "kube-controllers": "calico-kube-controllers-etcd-secrets", "flannel": "flannel-etcd-secrets",
  ]

  static func faults(_ text: String, _ way: Way) throws -> [String] {
    var check = DeliveryCheck(
      documents: try ParsedManifest.documents(text).flatMap { $0["items"]?.sequence ?? [$0] }, way: way)
    check.checkAll()
    return check.faults
  }

  private init(documents: [Node], way: Way) {
    self.documents = documents
    self.way = way
  }

  private mutating func checkAll() {
    var agents: Set<String> = []
    for document in documents {
      guard let kind = document["kind"]?.string, let pod = document["spec"]?["template"]?["spec"] else {
        continue
      }
      let name = document["metadata"]?["name"]?.string ?? ""
      let served = way == .agent || way == .memory
      let isServed = served && ["DaemonSet", "Deployment"].contains(kind)
      check(pod, of: "\(kind)/\(name)", isDaemonSet: kind == "DaemonSet", isServed: isServed)
      let containers = pod["initContainers"]?.sequence ?? []
      if containers.contains(where: { $0["name"]?.string == "bulkhead-agent" }) {
        agents.insert("bulkhead-agent-\(name)")
      }
    }
    let maps = documents.filter { $0["kind"]?.string == "ConfigMap" }.compactMap {
      $0["metadata"]?["name"]?.string
    }
    if Set(maps.filter { $0.hasPrefix("bulkhead-agent-") }) != agents || Set(maps).count != maps.count {
      faults.append("ConfigMaps \(maps) for agents \(agents)")
    }
  }

  private mutating func check(_ pod: Node, of title: String, isDaemonSet: Bool, isServed: Bool) {
    let containers = ["initContainers", "containers"].flatMap { pod[$0]?.sequence ?? [] }
    let volumes = pod["volumes"]?.sequence ?? []
    let agent = containers.first { $0["name"]?.string == "bulkhead-agent" }
    var used: Set<String> = []
    var needsAgent = false
    for container in containers {
      guard let name = container["name"]?.string, let component = Self.components[name] else { continue }
      let folder = isDaemonSet && (way == .host || way == .agent) ? hostFolder : nil
      if component == "cni-plugin" { checkPlugin(container, of: title, folder) }
      let path =
        component == "cni-plugin" && folder != nil ? "/host/bulkhead/cni-plugin" : mountPath(of: container)
      let mounts = (container["volumeMounts"]?.sequence ?? []).filter {
        $0["mountPath"]?.string.map(Self.plain) == path
      }
      guard let mount = mounts.first else {
        if component != "cni-plugin" || folder == nil {
          faults.append("\(title) \(name) mounts nothing at \(path)")
        }
        if isServed { needsAgent = true }
        continue
      }
      let volumeName = mount["name"]?.string ?? ""
      used.insert(volumeName)
      let found = volumes.filter { $0["name"]?.string == volumeName }
      guard let volume = found.first, found.count == 1 else {
        faults.append("\(title) \(name): volume \(volumeName) exists \(found.count) times")
        continue
      }
      checkVolume(volume, component, "\(title) \(name)", isDaemonSet: isDaemonSet, isServed: isServed)
      guard isServed else { continue }
      needsAgent = true
      let written = (agent?["volumeMounts"]?.sequence ?? []).contains {
        $0["name"]?.string == volumeName && $0["mountPath"]?.string == "/var/run/bulkhead/\(component)"
      }
      if !written { faults.append("\(title): no agent writes \(component)") }
    }
    if needsAgent != (agent != nil) { faults.append("\(title): agent \(agent != nil)") }
    if let agent, pod["initContainers"]?.sequence?.first?["name"] != agent["name"] {
      faults.append("\(title): the agent is not the first")
    }
    for volume in volumes {
      guard let name = volume["name"]?.string else { continue }
      let mounted = containers.contains { container in
        container["volumeMounts"]?.sequence?.contains { $0["name"]?.string == name } == true
      }
      let isCredential = name.contains("bulkhead") || name.contains("etcd-certs") || name.hasPrefix("tls")
      if isCredential, !mounted { faults.append("\(title): the volume \(name) is left over") }
    }
    if pod["initContainers"].map({ $0.sequence?.isEmpty != false }) == true {
      faults.append("\(title): initContainers without an item")
    }
  }

  private var hostFolder: String { way == .host ? "/etc/bulkhead" : "/var/lib/bulkhead" }

  private static func plain(_ path: String) -> String { path.hasSuffix("/") ? String(path.dropLast()) : path }

  /// The folder of the files that its variables name.
  private func mountPath(of container: Node) -> String {
    for variable in container["env"]?.sequence ?? [] where variable["name"]?.string == "ETCD_KEY_FILE" {
      guard let value = variable["value"]?.string, value.hasSuffix("/etcd-key") else { continue }
      return String(value.dropLast("/etcd-key".count))
    }
    return "/calico-secrets"
  }

  private mutating func checkVolume(
    _ volume: Node, _ component: String, _ title: String, isDaemonSet: Bool, isServed: Bool
  ) {
    let isHosts = isDaemonSet && (way == .host || way == .agent)
    let isOf = [
      "secret": volume["secret"]?["secretName"]?.string, "host": volume["hostPath"]?["path"]?.string,
      "memory": volume["emptyDir"]?["medium"]?.string,
    ].compactMapValues(\.self)
    let wanted =
      isHosts
      ? ["host": "\(hostFolder)/\(component)"]
      : isServed ? ["memory": "Memory"] : ["secret": Self.secrets[component] ?? ""]
    if isOf != wanted { faults.append("\(title): \(isOf), not \(wanted)") }
  }

  private mutating func checkPlugin(_ container: Node, of title: String, _ folder: String?) {
    for variable in container["env"]?.sequence ?? [] where variable["name"]?.string == "CNI_NETWORK_CONFIG" {
      let reference = variable["valueFrom"]?["configMapKeyRef"]
      let map = documents.first {
        $0["kind"]?.string == "ConfigMap" && $0["metadata"]?["name"] == reference?["name"]
      }
      let text =
        variable["value"]?.string ?? reference?["key"]?.string.flatMap { map?["data"]?[$0]?.string } ?? ""
      for (file, placeholder) in [
        ("etcd-ca", "__ETCD_CA_CERT_FILE__"), ("etcd-cert", "__ETCD_CERT_FILE__"),
        ("etcd-key", "__ETCD_KEY_FILE__"),
      ] {
        let path = folder.map { "\"\($0)/cni-plugin/\(file)\"" } ?? "\"\(placeholder)\""
        if !text.contains(path) { faults.append("\(title): the CNI configuration has no \(path)") }
      }
    }
  }
}
