/// One Kubernetes object of a file.
struct KubernetesObject: Sendable {
  /// The index of the object in the file, and of its document: a `kind: List` is one document with many
  /// objects.
  let id: Int
  let document: Int
  /// The list of which it is an item; nil if it is a document itself.
  let list: YAMLNode?
  let root: YAMLNode
  let kind: String
  let apiVersion: String
  let name: String
  let namespace: String?

  var title: String { "\(kind)/\(name)" }

  /// The part of the apiVersion before the slash; empty for the core group.
  var group: String { apiVersion.contains("/") ? String(apiVersion.prefix { $0 != "/" }) : "" }

  /// Whether a reference by name from this object could mean the other. A manifest may leave the namespace to
  /// `kubectl -n`, so a missing namespace matches every namespace.
  func sharesNamespace(with other: KubernetesObject) -> Bool {
    namespace == nil || other.namespace == nil || namespace == other.namespace
  }

  /// The pod specs in the object, found by their shape: a mapping with a list of containers. So they are
  /// found in every kind that has one, a Pod's `spec` as well as a CronJob's
  /// `spec.jobTemplate.spec.template.spec`.
  var podSpecs: [YAMLNode] { Self.podSpecs(in: root) }

  private static func podSpecs(in node: YAMLNode) -> [YAMLNode] {
    switch node.content {
    case .scalar, .alias: return []
    case .sequence(let items, _): return items.flatMap(podSpecs)
    case .mapping(let entries, _):
      if node["containers"]?.items?.contains(where: { $0.entries != nil }) == true { return [node] }
      return entries.flatMap { podSpecs(in: $0.value) }
    }
  }
}

/// The parts of a pod that matter for credentials.
struct PodSpec: Sendable {
  /// The index of the pod spec in the file.
  let id: Int
  let object: KubernetesObject
  let node: YAMLNode
  let containers: [Container]
  let volumes: [Volume]

  init(id: Int, object: KubernetesObject, node: YAMLNode) {
    self.id = id
    self.object = object
    self.node = node
    containers = ["initContainers", "containers", "ephemeralContainers"].flatMap { key in
      (node[key]?.items ?? []).map { Container($0, isInit: key == "initContainers") }
    }
    volumes = (node["volumes"]?.items ?? []).compactMap(Volume.init)
  }

  /// Whether it runs on Windows nodes only.
  var isWindows: Bool {
    let selector = node["nodeSelector"]
    let labels = ["kubernetes.io/os", "beta.kubernetes.io/os"]
    let terms =
      node["affinity"]?["nodeAffinity"]?["requiredDuringSchedulingIgnoredDuringExecution"]?[
        "nodeSelectorTerms"]?
      .items ?? []
    // Each of the terms is an alternative.
    let isBound =
      !terms.isEmpty
      && terms.allSatisfy { term in
        (term["matchExpressions"]?.items ?? []).contains { expression in
          labels.contains { $0 == expression["key"]?.string } && expression["operator"]?.string == "In"
            && expression["values"]?.items?.map(\.string) == ["windows"]
        }
      }
    return node["os"]?["name"]?.string == "windows" || isBound
      || labels.contains { selector?[$0]?.string == "windows" }
      || node["securityContext"]?["windowsOptions"]?["hostProcess"]?.string == "true"
  }
}

struct Container: Sendable {
  let node: YAMLNode
  let name: String
  let image: ImageReference?
  let isInit: Bool
  let mounts: [VolumeMount]
  let environment: [EnvironmentVariable]

  init(_ node: YAMLNode, isInit: Bool) {
    self.node = node
    self.isInit = isInit
    name = node["name"]?.string ?? ""
    image = node["image"]?.string.map(ImageReference.init)
    mounts = (node["volumeMounts"]?.items ?? []).map(VolumeMount.init)
    environment = (node["env"]?.items ?? []).compactMap(EnvironmentVariable.init)
  }

  var part: String { "container \(name)" }

  /// The path at which the CNI installer mounts the host's folder of CNI configurations.
  static let hostNetworkFolder = "/host/etc/cni/net.d"

  var hostNetworkMount: VolumeMount? { mounts.first { $0.path == Self.hostNetworkFolder } }

  func variable(_ name: String) -> EnvironmentVariable? { environment.last { $0.name == name } }
}

struct VolumeMount: Sendable {
  let node: YAMLNode
  /// Without a trailing slash or double slashes; empty if the mount has no path.
  let path: String
  /// The scalar that names the volume.
  let volume: YAMLNode?
  let hasSubPath: Bool

  init(_ node: YAMLNode) {
    self.node = node
    path = Self.normal(node["mountPath"]?.string ?? "")
    volume = node["name"]
    hasSubPath = ["subPath", "subPathExpr"].contains { node[$0]?.string?.isEmpty == false }
  }

  var volumeName: String { volume?.string ?? "" }

  static func normal(_ path: String) -> String {
    let parts = path.split(separator: "/").filter { $0 != "." }
    return parts.isEmpty ? "" : "/" + parts.joined(separator: "/")
  }
}

struct EnvironmentVariable: Sendable {
  let node: YAMLNode
  let name: String

  init?(_ node: YAMLNode) {
    guard let name = node["name"]?.string else { return nil }
    self.node = node
    self.name = name
  }

  var value: YAMLNode? { node["value"] }

  /// The ConfigMap and its key from which the value comes.
  var configMapKey: (configMap: String, key: String)? {
    guard let reference = node["valueFrom"]?["configMapKeyRef"], let name = reference["name"]?.string,
      let key = reference["key"]?.string
    else { return nil }
    return (name, key)
  }
}

struct Volume: Sendable {
  let node: YAMLNode
  let name: String
  /// The key, besides `name`, that determines the type of the volume.
  let type: String?
  /// The scalar that names the Secret, in a volume of type secret.
  let secretName: YAMLNode?

  init?(_ node: YAMLNode) {
    guard let name = node["name"]?.string else { return nil }
    self.node = node
    self.name = name
    type = node.entries?.compactMap(\.key.string).first { $0 != "name" }
    secretName = node["secret"]?["secretName"]
  }

  var secret: String? { secretName?.string }

  /// The folder of a volume of type hostPath.
  var hostFolder: String? { node["hostPath"]?["path"]?.string.map(VolumeMount.normal) }
}
