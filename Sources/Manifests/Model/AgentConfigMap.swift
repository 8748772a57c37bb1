import AgentFile
import Cryptography
import Text

/// The ConfigMap of a pod's agent. It contains no secrets.
struct AgentConfigMap {
  let name: String
  let namespace: String?
  /// The list of which the workload is an item, and the index of its document; nil if the workload is a document
  /// itself.
  let list: (document: Int, items: YAMLNode)?
  /// The content of `agent.yaml`, without a trailing newline.
  let configuration: String
  /// The same without what changes with each node.
  private let base: String
  let etcdCA: String
  /// Further files, by name.
  let files: [String: String]

  /// - Parameters:
  ///   - components: Those that the pod's agent gets credentials for.
  ///   - folder: The folder on the host in which the agent keeps them; nil for memory.
  init(of agent: AgentPlacement, for components: [String], in pod: PodSpec, folder: String?) {
    name = "\(AgentContainer.name)-\(pod.object.name)"
    namespace = pod.object.namespace
    list = pod.object.list.map { (pod.object.document, $0) }
    etcdCA = agent.etcdCA
    files = agent.files
    let certificates = components.map { component in
      let isWithoutRoot = ComponentSignature.withoutRoot.contains(component)
      return AgentDelivery(
        identity: agent.identities[component] ?? component, directory: AgentContainer.folder(of: component),
        keyMode: isWithoutRoot ? 0o440 : 0o400,
        group: isWithoutRoot && pod.hasUnprivilegedImages ? "\(CalicoImage.unprivileged)" : nil,
        directoryMode: folder == nil ? nil : 0o700,
        cniCopy: component == "cni-plugin" && folder == nil
          ? "\(Container.hostNetworkFolder)/calico-tls" : nil)
    }
    func text(_ nodeNames: [String: String]) -> String {
      AgentFile(
        source: agent.source, certificates: certificates,
        etcdCA: "\(AgentContainer.configurationFolder)/etcd-ca.crt",
        // Two agents on one host would listen on the same port: these pods use the host's network.
        listens: pod.object.kind == "DaemonSet", nodeNames: nodeNames
      ).text
    }
    base = text([:])
    let variable = "${\(AgentFile.calicoNode)}"
    let needsNames = base.contains(variable)
    configuration = needsNames ? text(agent.nodeNames) : base
  }

  /// Whether the API server takes the ConfigMap (Kubernetes, `validation.ValidateConfigMap`: 1 MiB in all).
  var fits: Bool {
    configuration.utf8.count + etcdCA.utf8.count + files.values.reduce(0) { $0 + $1.utf8.count } < 1_000_000
  }

  /// A part of the hash of what the agent reads, which changes with it. Names of nodes are left out: a pod reads them at
  /// its start, and those of other nodes do not matter to it.
  var digest: String {
    var sha256 = SHA256()
    for (name, text) in [("agent.yaml", base), ("etcd-ca.crt", etcdCA)]
      + files.sorted(by: { $0.key < $1.key })
    {
      sha256.update(Array("\(name) \(text.utf8.count) ".utf8))
      sha256.update(Array(text.utf8))
    }
    return String(sha256.digest().hexadecimal.prefix(10))
  }

  /// The value of the document, for comparison.
  var value: YAMLValue { object { .string($0) } }

  /// Whether an object is an earlier one of the same name.
  func replaces(_ object: KubernetesObject) -> Bool {
    object.kind == "ConfigMap" && object.name == name && object.namespace == namespace
  }

  /// The value of the key `data`, with texts of several lines as blocks.
  var data: YAMLValue {
    guard case .mapping(let pairs) = written, let data = pairs.first(where: { $0.key == .string("data") })
    else { return .mapping([]) }
    return data.value
  }

  /// The value of the document, with texts of several lines as blocks.
  var written: YAMLValue { object { .text($0) } }

  /// The lines of the document.
  var lines: [String] { ["---"] + YAMLStyle.usual.block(written, indent: 0) }

  private func object(_ text: (String) -> YAMLValue) -> YAMLValue {
    typealias Secret = SecretDocuments.Secret
    let labels = YAMLValue.mapping([Secret.managedBy: .string(Secret.manager)])
    var data: [YAMLValue.Pair] = [
      .init("agent.yaml", text(configuration)), .init("etcd-ca.crt", text(Self.withoutEnd(etcdCA))),
    ]
    for (name, content) in files.sorted(by: { $0.key < $1.key }) {
      data.append(.init(name, text(Self.withoutEnd(content))))
    }
    return .mapping([
      "apiVersion": .string("v1"),
      "kind": .string("ConfigMap"),
      "metadata": .mapping(.naming(name, in: namespace) + [.init("labels", labels)]),
      "data": .mapping(data),
    ])
  }

  private static func withoutEnd(_ text: String) -> String {
    var text = text
    while text.hasSuffix("\n") || text.hasSuffix("\r\n") { text.removeLast() }
    return text.replacing("\r\n", with: "\n")
  }
}
