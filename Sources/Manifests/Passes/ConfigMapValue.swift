extension Manifest {
  /// The value of a ConfigMap's key, in the namespace of the workload. A ConfigMap in another file is only a
  /// warning, because the workload's own edit is still correct.
  func configMapValue(
    _ reference: (configMap: String, key: String), for variable: EnvironmentVariable, in container: Container,
    of object: KubernetesObject, _ findings: inout Findings
  ) -> ScalarPlace? {
    let found = find("ConfigMap", named: reference.configMap, from: object)
    guard let configMap = found.first else {
      if let file = CredentialFile(variable: variable.name) {
        findings.warn(
          .configMapElsewhere, at: variable.node.range.lowerBound, object, container.part,
          "gets \(variable.name) from ConfigMap/\(reference.configMap), which is not in this file",
          hint: "make sure that its key \(reference.key) is \"\(file.path)\"")
      }
      return nil
    }
    guard found.count == 1 else {
      let lines = found.map { "line \(reader.source.line(at: $0.root.range.lowerBound))" }
      findings.fault(
        at: variable.node.range.lowerBound, object, container.part,
        "gets \(variable.name) from ConfigMap/\(reference.configMap), of which there are \(found.count) "
          + "(\(lines.joined(separator: ", ")))", hint: "keep one, in the namespace of the workload")
      return nil
    }
    guard let value = configMap.root["data"]?[reference.key] else {
      findings.fault(
        at: configMap.root.range.lowerBound, configMap, "data",
        "has no key \(reference.key), from which \(object.title) gets \(variable.name)",
        hint: "add the key to the ConfigMap's data")
      return nil
    }
    return ScalarPlace(node: value, owner: configMap, part: reference.key)
  }
}
