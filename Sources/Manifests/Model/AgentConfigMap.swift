/// The ConfigMap of a pod's agent. It contains no secrets.
struct AgentConfigMap {
  let name: String
  let namespace: String?
  /// The content of `agent.yaml`, without a trailing newline.
  let configuration: String
  let etcdCA: String

  /// The value of the document, for comparison.
  var value: YAMLValue { object { .string($0) } }

  /// The lines of the document.
  var lines: [String] { ["---"] + YAMLStyle.usual.block(object { .block($0) }, indent: 0) }

  private func object(_ text: (String) -> YAMLValue) -> YAMLValue {
    var metadata: [YAMLValue.Pair] = [.init(key: .string("name"), value: .string(name))]
    if let namespace { metadata.append(.init(key: .string("namespace"), value: .string(namespace))) }
    typealias Secret = SecretDocuments.Secret
    metadata.append(
      .init(key: .string("labels"), value: .mapping([Secret.managedBy: .string(Secret.manager)])))
    var authority = etcdCA
    while authority.hasSuffix("\n") { authority.removeLast() }
    return .mapping([
      "apiVersion": .string("v1"),
      "kind": .string("ConfigMap"),
      "metadata": .mapping(metadata),
      "data": .mapping(["agent.yaml": text(configuration), "etcd-ca.crt": text(authority)]),
    ])
  }
}
