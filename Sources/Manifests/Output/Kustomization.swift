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
    // kustomize takes no second object of the same name.
    if let map = findings.configMaps.first(where: { $0.replaces(object) }) {
      let replacement = JSONPatch.Operation(name: "replace", path: "/data", value: map.data)
      return .mapping(["target": target(object), "patch": .block(Self.text(of: [replacement.yaml]))])
    }
    if droppedObjects.contains(where: { $0.id == object.id }) { return deletion(of: object) }
    let edits = findings.edits.filter { $0.object == object.id }.map(\.edit)
    if edits.isEmpty { return nil }
    let operations = JSONPatch(edits, of: object.root).operations.map(\.yaml)
    return .mapping(["target": target(object), "patch": .block(Self.text(of: operations))])
  }

  private static func text(of operations: [YAMLValue]) -> String {
    YAMLStyle.usual.block(.sequence(operations), indent: 0).joined(separator: "\n")
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
