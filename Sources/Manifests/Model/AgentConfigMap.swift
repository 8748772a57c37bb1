import AgentFile

/// The ConfigMap of a pod's agent. It contains no secrets.
struct AgentConfigMap {
  let name: String
  let namespace: String?
  /// The content of `agent.yaml`, without a trailing newline.
  let configuration: String
  let etcdCA: String

  /// - Parameter components: Those that the pod's agent gets credentials for.
  init(of agent: AgentPlacement, for components: [String], in pod: PodSpec) {
    name = "\(AgentContainer.name)-\(pod.object.name)"
    namespace = pod.object.namespace
    etcdCA = agent.etcdCA
    let certificates = components.map { component in
      AgentDelivery(
        identity: agent.identities[component] ?? component, directory: AgentContainer.folder(of: component),
        // kube-controllers runs as user 999 in group root.
        keyMode: component == "kube-controllers" ? 0o440 : 0o400,
        cniCopy: component == "cni-plugin" ? "\(Container.hostNetworkFolder)/calico-tls" : nil)
    }
    configuration =
      AgentFile(
        source: agent.source, certificates: certificates,
        etcdCA: "\(AgentContainer.configurationFolder)/etcd-ca.crt"
      ).text
  }

  /// The value of the document, for comparison.
  var value: YAMLValue { object { .string($0) } }

  /// The lines of the document.
  var lines: [String] { ["---"] + YAMLStyle.usual.block(object { .block($0) }, indent: 0) }

  private func object(_ text: (String) -> YAMLValue) -> YAMLValue {
    typealias Secret = SecretDocuments.Secret
    let labels = YAMLValue.mapping([Secret.managedBy: .string(Secret.manager)])
    var authority = etcdCA
    while authority.hasSuffix("\n") { authority.removeLast() }
    return .mapping([
      "apiVersion": .string("v1"),
      "kind": .string("ConfigMap"),
      "metadata": .mapping(.naming(name, in: namespace) + [.init("labels", labels)]),
      "data": .mapping(["agent.yaml": text(configuration), "etcd-ca.crt": text(authority)]),
    ])
  }
}
