extension SegmentedManifest {
  /// The first line of a kustomization, by which a later run recognises one that it may overwrite.
  package static let kustomizationMark =
    "# Made by bulkhead manifest --kustomize: each component's own etcd credential."

  /// A kustomization that turns the original into ``text``, except for the new Secrets and ConfigMaps. It uses JSON patches
  /// (RFC 6902), which fail if the original is not the one that they were made for, and only features that
  /// are built into `kubectl kustomize`.
  ///
  /// - Parameter resources: The original and, if there are such, the files of the new Secrets and of ``configMaps``,
  ///   as paths relative to the kustomization's folder.
  package func kustomization(resources: [String]) -> String {
    let patches = manifest.objects.compactMap(patch)
    var pairs: [YAMLValue.Pair] = [
      .init("apiVersion", "kustomize.config.k8s.io/v1beta1"),
      .init("kind", "Kustomization"),
      .init("resources", .sequence(resources.map { .string($0) })),
    ]
    if !patches.isEmpty { pairs.append(.init("patches", .sequence(patches))) }
    let lines = [Self.kustomizationMark] + YAMLStyle.usual.block(.mapping(pairs), indent: 0)
    return lines.map { $0 + "\n" }.joined()
  }

  private func patch(of object: KubernetesObject) -> YAMLValue? {
    if let map = successor(of: object) { return replacement(of: object, by: map) }
    if droppedObjects.contains(where: { $0.id == object.id }) { return deletion(of: object) }
    let edits = findings.edits.filter { $0.object == object.id }.map(\.edit)
    if edits.isEmpty { return nil }
    let operations = JSONPatch(edits, of: object.root).operations.map(\.yaml)
    return .mapping(["target": target(object), "patch": .block(Self.text(of: operations))])
  }

  private static func text(of operations: [YAMLValue]) -> String {
    YAMLStyle.usual.block(.sequence(operations), indent: 0).joined(separator: "\n")
  }

  /// The ConfigMap of an agent that takes the place of one of an earlier run; nil if the object is none of these.
  /// kustomize refuses two resources of one name, also where a patch deletes one of them.
  func successor(of object: KubernetesObject) -> AgentConfigMap? {
    guard findings.superseded.contains(where: { $0.id == object.id }) else { return nil }
    return findings.configMaps.first { $0.name == object.name && $0.namespace == object.namespace }
  }

  private func replacement(of object: KubernetesObject, by map: AgentConfigMap) -> YAMLValue {
    let operation = JSONPatch.Operation(name: "add", path: "/data", value: map.data)
    let text = YAMLStyle.usual.block(.sequence([operation.yaml]), indent: 0).joined(separator: "\n")
    return .mapping(["target": target(object), "patch": .block(text)])
  }

  /// The files that a kustomization of an earlier run names; nil if Bulkhead did not write it.
  package static func resources(ofKustomization text: String) -> [String]? {
    guard text.hasPrefix(kustomizationMark) else { return nil }
    let root = ManifestReader(text, file: "").documents.first?.root
    return (root?["resources"]?.items ?? []).compactMap(\.string)
  }

  /// kustomize matches these as regular expressions, from start to end.
  private func target(_ object: KubernetesObject) -> YAMLValue {
    let parts = object.apiVersion.split(separator: "/").map(String.init)
    var pairs: [YAMLValue.Pair] = []
    if parts.count == 2 { pairs.append(.init("group", parts[0])) }
    pairs.append(.init("version", parts.last ?? ""))
    pairs.append(.init("kind", object.kind))
    return .mapping(pairs + .naming(object.name.replacing(".", with: "\\."), in: object.namespace))
  }

  private func deletion(of object: KubernetesObject) -> YAMLValue {
    let patch = YAMLValue.mapping([
      "$patch": .string("delete"), "apiVersion": .string(object.apiVersion), "kind": .string(object.kind),
      "metadata": .mapping(.naming(object.name, in: object.namespace)),
    ])
    return .mapping(["patch": .block(YAMLStyle.usual.block(patch, indent: 0).joined(separator: "\n"))])
  }
}
